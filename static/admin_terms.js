'use strict';
/* The fields of terms: suggestions by name and alias, new names, pasted lists. Values are names. */
{
    const $ = django.jQuery;
    const SEPARATORS = ',，、;；|｜\n\r\t';
    const CLOSING = {'（': '）', '(': ')', '《': '》', '“': '”', '「': '」', '『': '』', '【': '】'};

    /* The names before each separator, and what follows the last one. Brackets hold together. */
    function split(text) {
        const names = [];
        const open = [];
        let name = '';
        for (const sign of text) {
            if (sign === open.at(-1)) {
                open.pop();
            } else if (CLOSING[sign]) {
                open.push(CLOSING[sign]);
            }
            if (!open.length && SEPARATORS.includes(sign)) {
                names.push(name);
                name = '';
            } else {
                name += sign;
            }
        }
        return [names.map((one) => one.trim()).filter(Boolean), name];
    }

    function note(text) {
        const small = document.createElement('small');
        small.textContent = text;
        return small;
    }

    function inList(item, texts) {
        if (!item.id) {
            return item.text;
        }
        const line = document.createElement('span');
        line.append(item.text);
        if (item.via) {
            line.append(' ', note(`← ${item.via}`));
        }
        if (item.isNew) {
            line.append(' ', note(texts.textNew));
        } else if (item.confirmed === false) {
            line.append(' ', note(texts.textUnconfirmed));
        }
        return $(line);
    }

    /* What was chosen last stands last: the order of the options is the order of the terms. */
    function choose(select, name) {
        const present = Array.from(select.options).find((option) => option.value === name);
        if (present && present.selected) {
            return;
        }
        const option = present || new Option(name, name);
        option.selected = true;
        option.removeAttribute('data-select2-tag');
        select.append(option);
    }

    function paste(event, select) {
        const text = event.originalEvent.clipboardData.getData('text');
        const [names, rest] = split(text);
        if (!names.length) {
            return;
        }
        event.preventDefault();
        [...names, rest.trim()].filter(Boolean).forEach((name) => choose(select, name));
        event.target.value = '';
        $(select).trigger('change');
        $(select).select2('close');
    }

    /* Who leaves the field means what stands in it; Escape takes it back. */
    function keepWhatWasTyped(select) {
        let chosen = false;
        $(select).on('select2:selecting', () => {
            chosen = true;
        });
        $(select).on('select2:closing', (event) => {
            const original = event.params && event.params.args && event.params.args.originalEvent;
            const text = $(select).next('.select2').find('.select2-search__field').val().trim();
            if (text && !chosen && !(original && original.key === 'Escape')) {
                choose(select, text);
                $(select).trigger('change');
            }
            chosen = false;
        });
    }

    function start(select) {
        const texts = select.dataset;
        $(select).select2({
            ajax: {data: (params) => ({term: params.term})},
            minimumInputLength: 1,
            tokenizer: (params, options, chosen) => {
                const [names, rest] = split(params.term || '');
                names.forEach((name) => chosen({id: name, text: name}));
                return {term: names.length ? rest : params.term};
            },
            templateResult: (item) => inList(item, texts),
            createTag: (params) => {
                const name = params.term.trim();
                return name ? {id: name, text: name, isNew: true} : null;
            },
            insertTag: (found, tag) => {
                if (!found.some((item) => item.exact)) {
                    found.push(tag);
                }
            },
        });
        $(select).on('select2:select', (event) => {
            const option = event.params.data.element;
            if (option) {
                select.append(option);
                $(select).trigger('change');
            }
        });
        keepWhatWasTyped(select);
        $(select).next('.select2').on('paste', '.select2-search__field', (event) => paste(event, select));
    }

    /* What select2 builds has no name of its own: it gets that of the field, whatever field it is. */
    function nameParts(select) {
        const label = document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
        const text = label ? label.textContent.trim().replace(/[:：]$/, '') : select.name;
        const name = (part) => part.setAttribute('aria-label', text);
        const parts = '[role=combobox], [role=textbox], .select2-search__field';
        $(select).next('.select2').find(parts).each((_at, part) => name(part));
        $(select).on('select2:open', () => document.querySelectorAll('.select2-dropdown .select2-search__field').forEach(name));
    }

    $(() => {
        document.querySelectorAll('select.admin-terms').forEach(start);
        document.querySelectorAll('select.select2-hidden-accessible').forEach(nameParts);
    });
}
