'use strict';
/* Suggested terms: pressed, one goes into the field above; taken out of the field again, it is back among them. */
{
    const $ = django.jQuery;

    const chosen = (select, name) => Array.from(select.selectedOptions).some((option) => option.value === name);

    /* A chip is there as long as the field has not its term; the head as long as there is a chip. */
    function show(chips, select) {
        let left = 0;
        chips.querySelectorAll('label').forEach((chip) => {
            const box = chip.querySelector('input');
            chip.hidden = chosen(select, box.value);
            box.checked = false;
            left += chip.hidden ? 0 : 1;
        });
        chips.hidden = !left;
    }

    function accept(chips, select, box) {
        const places = Array.from(chips.querySelectorAll('label:not([hidden]) input'));
        const next = places[places.indexOf(box) + 1] || places[places.indexOf(box) - 1];
        const option = Array.from(select.options).find((one) => one.value === box.value) || new Option(box.value, box.value);
        option.selected = true;
        select.append(option);
        $(select).trigger('change');
        if (next) {
            next.focus();
        } else {
            $(select).next('.select2').find('.select2-search__field').trigger('focus');
        }
    }

    function start(chips) {
        const select = chips.closest('.terms-field').querySelector('select');
        chips.classList.add('is-live');
        chips.addEventListener('change', (event) => accept(chips, select, event.target));
        chips.addEventListener('keydown', (event) => {
            if (event.key === 'Enter' && event.target.matches('input')) {
                event.preventDefault();
                accept(chips, select, event.target);
            }
        });
        $(select).on('change', () => show(chips, select));
        show(chips, select);
    }

    $(() => document.querySelectorAll('.terms-chips').forEach(start));
}
