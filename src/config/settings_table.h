/*
 * A row of the settings' table, for the files that are made from it: the reader of the file, the checks, the
 * manual page, the example, `postrider config show`. The table itself is in settings.c.
 */
#ifndef CONFIG_SETTINGS_TABLE_H
#define CONFIG_SETTINGS_TABLE_H

#include "config/setting_form.h"
#include "config/settings.h"

enum kind { TEXT, LIST, NUMBER, SIZE, FLAG };

struct setting {
	const char *name;
	enum kind kind;
	size_t offset;     /* in struct settings */
	const char *value; /* the default; the elements of a list are separated by newlines */
	uint64_t min, max; /* of a number or size */
	const char *text;  /* what it does, in plain sentences */
	const char *unit;  /* of a number: what is counted */
	enum setting_form form;
	enum setting_effect effect;
	const char
	    *example; /* a value, or an element of a list, that shows the form; NULL: the default does */
};

extern const struct setting settings_table[];
extern const size_t settings_count;

/* NULL: no setting has this name. */
const struct setting *setting_find(struct view name);

/* Where the row's value is; of a TEXT or LIST, and of the others. */
struct view *setting_text_of(struct settings *s, const struct setting *row);
uint64_t *setting_number_of(struct settings *s, const struct setting *row);
bool setting_is_text(const struct setting *row);

/* True, and *n: the text is a value of this row, which is no text, within its range. */
bool setting_parse_number(const struct setting *row, struct view v, uint64_t *n);

void setting_set_default(struct settings *s, const struct setting *row);

/*
 * Texts are appended to one buffer; while it still grows, a view holds only its offset. settings_settle makes
 * them views, once, when all are there.
 */
void setting_set_text(struct settings *s, const struct setting *row, struct view v);
void settings_settle(struct settings *s);

enum { SETTINGS_TEXT_MAX = 256 * 1024 }; /* all texts of the settings together */

#endif
