/* What people read of the settings' table: the manual, the example, and values as they stand in a file. */
#include "config/settings_text.h"

#include <stdio.h>

#include "config/conf.h"

enum { COMMENT_COLUMNS = 96 };

static const char *const kind_names[] = {
    [TEXT] = "text", [LIST] = "list", [NUMBER] = "number", [SIZE] = "size", [FLAG] = "true or false"};

/* ---- numbers ---- */

static void put_size(char *out, size_t size, uint64_t n)
{
	static const char units[] = {'\0', 'K', 'M', 'G', 'T'};
	unsigned unit = 0;
	while (unit + 1 < sizeof units && n > 0 && n % 1024 == 0) {
		n /= 1024;
		unit++;
	}
	snprintf(out, size, "%llu%.1s", (unsigned long long)n, &units[unit]);
}

void setting_range_text(const struct setting *row, char *out, size_t size)
{
	char least[32], most[32];
	if (row->kind == FLAG) {
		snprintf(out, size, "true or false");
	} else if (row->kind == SIZE) {
		put_size(least, sizeof least, row->min);
		put_size(most, sizeof most, row->max);
		snprintf(out, size, "a size from %s to %s, such as 64M", least, most);
	} else {
		snprintf(out, size, "a number from %llu to %llu%s%s", (unsigned long long)row->min,
		    (unsigned long long)row->max, row->unit ? ", in " : "", row->unit ? row->unit : "");
	}
}

/* ---- values ---- */

static void put_list(struct buf *out, struct view list)
{
	struct view element;
	buf_append_byte(out, '{');
	for (bool first = true; list.len && view_next(&list, '\n', &element); first = false) {
		buf_append_string(out, first ? "" : ", ");
		conf_put_text(out, element);
	}
	buf_append_byte(out, '}');
}

static void put_told(struct buf *out, enum kind kind, struct view text, uint64_t number)
{
	char size[32];
	if (kind == LIST) {
		put_list(out, text);
	} else if (kind == TEXT) {
		conf_put_text(out, text);
	} else if (kind == FLAG) {
		buf_append_string(out, number ? "true" : "false");
	} else if (kind == SIZE) {
		put_size(size, sizeof size, number);
		buf_printf(out, "\"%s\"", size);
	} else {
		buf_printf(out, "%llu", (unsigned long long)number);
	}
}

void setting_put_value(struct buf *out, const struct setting_told *told)
{
	put_told(out, (enum kind)told->kind, told->text, told->number);
}

static void put_default(struct buf *out, const struct setting *row)
{
	struct view value = view_from_string(row->value);
	if (row->kind == NUMBER || row->kind == FLAG)
		buf_append_string(out, row->value);
	else
		put_told(out, row->kind == SIZE ? TEXT : row->kind, value, 0);
}

static void put_example(struct buf *out, const struct setting *row)
{
	put_told(out, row->kind, view_from_string(row->example), 0);
}

const char *setting_effect_text(enum setting_effect effect)
{
	static const char *const texts[] = {[EFFECT_RELOAD] = "Takes effect at a reload.",
	    [EFFECT_RESTART] = "Takes effect only after a restart.",
	    [EFFECT_COMMAND] = "Commands read it; the server need not be told."};
	return texts[effect];
}

/* ---- documents ---- */

/* As the page has it: roff's own characters are escaped there. */
void settings_manual(struct buf *out)
{
	char range[200];
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *row = &settings_table[i];
		buf_printf(out, ".It Ic %s No (%s%s%s)\n%s\n%s\n", row->name, kind_names[row->kind],
		    row->unit ? ", " : "", row->unit ? row->unit : "", row->text,
		    setting_effect_text(row->effect));
		if (row->example) {
			buf_append_string(out, "Example:\n.Li ");
			put_example(out, row);
			buf_append_string(out, "\n");
		}
		buf_append_string(out, "Default:\n.Ql ");
		put_default(out, row);
		buf_append_string(out, "\n");
		setting_range_text(row, range, sizeof range);
		if (row->kind == NUMBER || row->kind == SIZE)
			buf_printf(out, "(%s).\n", range);
	}
}

/* A comment whose lines a terminal shows whole. */
static void put_comment(struct buf *out, struct view rest)
{
	struct view word;
	size_t column = 0;
	while (rest.len && view_next(&rest, ' ', &word)) {
		bool fresh = column == 0 || column + 1 + word.len > COMMENT_COLUMNS;
		buf_append_string(out, fresh ? "\n# " : " ");
		buf_append(out, word);
		column = fresh ? 2 + word.len : column + 1 + word.len;
	}
}

void settings_example(struct buf *out)
{
	struct buf comment;
	char range[200];
	buf_init(&comment, 8192);
	buf_append_string(out, "# Postrider's settings, each with its default. See postrider.conf(5).\n");
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *row = &settings_table[i];
		buf_clear(&comment);
		buf_append_string(&comment, row->text);
		setting_range_text(row, range, sizeof range);
		if (row->kind == NUMBER || row->kind == SIZE)
			buf_printf(&comment, " Possible is %s.", range);
		buf_printf(&comment, " %s", setting_effect_text(row->effect));
		if (row->example) {
			buf_append_string(&comment, " Example: ");
			put_example(&comment, row);
		}
		put_comment(out, buf_view(&comment));
		buf_printf(out, "\n# %s = ", row->name);
		put_default(out, row);
		buf_append_string(out, "\n");
	}
	buf_done(&comment);
}
