/* From statements of the file to settings: every mistake is told, and only what has none is taken. */
#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "config/settings_check.h"
#include "config/settings_text.h"

struct taking {
	struct settings *s;
	const struct conf *conf;
	struct findings *found;
	const struct conf_statement **by_row; /* where each setting is set; NULL: it is not */
};

/* ---- what is wrong ---- */

struct complaint {
	unsigned line;
	const char *problem, *expected, *meant;
	enum finding_level level;
};

static void complain(struct taking *t, const struct conf_statement *at, struct complaint c)
{
	char name[80];
	snprintf(name, sizeof name, "%.*s", VIEW_FMT(at->name));
	findings_add(t->found, &(struct finding){.level = c.level,
	                           .file = t->conf->files[at->file].path,
	                           .line = c.line ? c.line : at->line,
	                           .setting = name,
	                           .problem = c.problem,
	                           .expected = c.expected,
	                           .meant = c.meant});
}

static void complain_of_name(struct taking *t, const struct conf_statement *at)
{
	struct nearest near = {.wrong = at->name};
	for (size_t i = 0; i < settings_count; i++)
		nearest_try(&near, settings_table[i].name);
	complain(t, at,
	    (struct complaint){
	        .problem = "there is no such setting", .meant = near.word, .level = FINDING_ERROR});
}

static void complain_of_value(struct taking *t, const struct conf_statement *at,
    const struct conf_value *value, const struct setting *row, const char *problem)
{
	char text[700];
	struct nearest near = {.wrong = value->text};
	for (const char *const *word = setting_form_words(row->form); word && *word; word++)
		nearest_try(&near, *word);
	snprintf(text, sizeof text, "\"%.*s\": %s", VIEW_FMT(view_take(value->text, 300)), problem);
	complain(t, at,
	    (struct complaint){.line = value->line,
	        .problem = text,
	        .expected = setting_form_text(row->form),
	        .meant = near.word,
	        /* It is served all the same, in English. */
	        .level = row->form == FORM_LANGUAGE ? FINDING_WARNING : FINDING_ERROR});
}

static void complain_of_number(struct taking *t, const struct conf_statement *at, const struct setting *row)
{
	char text[300], expected[200];
	const struct conf_value *value = &at->values[0];
	snprintf(text, sizeof text, "\"%.*s\" is not possible", VIEW_FMT(view_take(value->text, 200)));
	setting_range_text(row, expected, sizeof expected);
	complain(t, at,
	    (struct complaint){
	        .line = value->line, .problem = text, .expected = expected, .level = FINDING_ERROR});
}

/* ---- values ---- */

static void take_text(struct taking *t, const struct setting *row, const struct conf_statement *at)
{
	struct buf joined;
	buf_init(&joined, SETTINGS_TEXT_MAX);
	for (size_t i = 0; i < at->count; i++) {
		const char *problem = setting_form_check(row->form, at->values[i].text);
		if (problem)
			complain_of_value(t, at, &at->values[i], row, problem);
		if (i > 0)
			buf_append_byte(&joined, '\n');
		buf_append(&joined, at->values[i].text);
	}
	setting_set_text(t->s, row, buf_view(&joined));
	buf_done(&joined);
}

static void take_row(struct taking *t, const struct setting *row, const struct conf_statement *at)
{
	if (row->kind == LIST) {
		take_text(t, row, at);
	} else if (at->count != 1) {
		complain(t, at,
		    (struct complaint){.problem = "a list is not possible",
		        .expected = "one value, without braces",
		        .level = FINDING_ERROR});
		setting_set_default(t->s, row);
	} else if (row->kind == TEXT) {
		take_text(t, row, at);
	} else if (!setting_parse_number(row, at->values[0].text, setting_number_of(t->s, row))) {
		complain_of_number(t, at, row);
		setting_set_default(t->s, row);
	}
}

static void note_statement(struct taking *t, const struct conf_statement *at)
{
	const struct setting *row = setting_find(at->name);
	char problem[700];
	if (row == NULL) {
		complain_of_name(t, at);
		return;
	}
	const struct conf_statement **place = &t->by_row[row - settings_table];
	if (*place == NULL) {
		*place = at;
		return;
	}
	snprintf(problem, sizeof problem, "it is set already in line %u of %s", (*place)->line,
	    t->conf->files[(*place)->file].path);
	complain(t, at,
	    (struct complaint){.problem = problem, .expected = "each setting once", .level = FINDING_ERROR});
}

void settings_take(struct settings *fresh, const struct conf *conf, struct findings *found)
{
	struct taking t = {
	    .s = fresh, .conf = conf, .found = found, .by_row = mem_array(settings_count, sizeof *t.by_row)};
	*fresh = (struct settings){0};
	buf_init(&fresh->text, SETTINGS_TEXT_MAX);
	for (const struct conf_statement *at = conf->first; at; at = at->next)
		note_statement(&t, at);
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *row = &settings_table[i];
		if (t.by_row[i] == NULL)
			setting_set_default(fresh, row);
		else
			take_row(&t, row, t.by_row[i]);
	}
	if (buf_failed(&fresh->text))
		findings_add(found, &(struct finding){.level = FINDING_ERROR,
		                        .file = conf->file_count ? conf->files[0].path : "",
		                        .problem = "all texts together are too large",
		                        .expected = "at most 256 KB"});
	settings_settle(fresh);
	settings_check(fresh, conf, found);
	findings_sort(found);
	mem_free(t.by_row);
}

int settings_load(struct settings *s, const struct conf *conf, struct findings *found)
{
	struct settings fresh;
	settings_take(&fresh, conf, found);
	if (found->errors) {
		settings_done(&fresh);
		return -EINVAL;
	}
	settings_done(s);
	*s = fresh;
	return 0;
}

/* ---- whole files ---- */

static int load_and_tell(
    struct settings *s, struct conf *conf, int error, struct findings *found, struct buf *problem)
{
	if (error == 0)
		error = settings_load(s, conf, found);
	if (error)
		findings_text(found, false, problem);
	findings_done(found);
	conf_done(conf);
	return error;
}

int settings_read(struct settings *s, const char *path, struct buf *problem)
{
	struct findings found;
	struct conf conf;
	findings_init(&found);
	conf_init(&conf);
	int error = conf_read(&conf, path, &found);
	return load_and_tell(s, &conf, error, &found, problem);
}

int settings_parse(struct settings *s, const char *text, struct buf *problem)
{
	struct findings found;
	struct conf conf;
	findings_init(&found);
	conf_init(&conf);
	int error = conf_read_text(&conf, "configuration", view_from_string(text), &found);
	return load_and_tell(s, &conf, error, &found, problem);
}
