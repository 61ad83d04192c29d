'use strict';
/* A term is dragged below another: the same form is sent that somebody fills in by hand. */
{
    const tree = document.querySelector('.tree-branches');
    const form = document.getElementById('tree-form');
    let dragged = null;

    const line = (event) => event.target.closest?.('.tree-line');

    function mark(found) {
        tree.querySelectorAll('.tree-over').forEach((one) => one.classList.remove('tree-over'));
        found?.classList.add('tree-over');
    }

    function drop(event) {
        const found = line(event);
        const onto = found?.parentElement;
        if (!dragged || !onto || dragged.contains(onto)) {
            return;
        }
        event.preventDefault();
        form.elements.term.value = dragged.dataset.term;
        form.elements.under.value = onto.dataset.term;
        form.requestSubmit();
    }

    if (tree) {
        for (const one of tree.querySelectorAll('.tree-line')) {
            one.draggable = true;
        }
        tree.addEventListener('dragstart', (event) => {
            dragged = line(event)?.parentElement;
            event.dataTransfer.effectAllowed = 'move';
            event.dataTransfer.setData('text/plain', dragged?.dataset.term ?? '');
        });
        tree.addEventListener('dragover', (event) => {
            const found = line(event);
            if (dragged && found && !dragged.contains(found)) {
                event.preventDefault();
                mark(found);
            } else {
                mark(null);
            }
        });
        tree.addEventListener('dragend', () => {
            dragged = null;
            mark(null);
        });
        tree.addEventListener('drop', drop);
    }
}
