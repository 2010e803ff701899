/*
 * Complaints about a script as a person reads them: where, what, and the line itself with a mark below the
 * place, so that nobody has to count.
 */
#include "cli/rule_complaints.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/show.h"
#include "base/utf8.h"

/* Characters of a line that are shown: around the place, when it is longer. */
enum { SHOWN = 100, SHOWN_BEFORE = 60 };

static struct view line_of(struct view text, uint64_t number)
{
	struct view line = {0};
	for (uint64_t i = 0; i < number; i++)
		if (!view_next(&text, '\n', &line))
			return (struct view){0};
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

static void skip(struct view *text, uint64_t characters)
{
	for (; characters > 0 && text->len > 0; characters--)
		utf8_next(text);
}

static struct view first(struct view text, uint64_t characters)
{
	struct view rest = text;
	skip(&rest, characters);
	return view_take(text, text.len - rest.len);
}

/* A tab is shown as a blank, so that the mark stands where it should on any terminal. */
static void show_blanks(struct buf *out, struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		buf_append_byte(out, text.data[i] == '\t' ? ' ' : text.data[i]);
}

static void show_source(struct view line, uint64_t line_number, uint64_t column)
{
	struct buf plain, before, all;
	uint64_t at = column > 0 ? column - 1 : 0, from = at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0;
	buf_init(&plain, 4 * SHOWN);
	buf_init(&before, 16 * SHOWN);
	buf_init(&all, 16 * SHOWN);
	skip(&line, from);
	bool cut = utf8_length(line) > SHOWN;
	show_blanks(&plain, first(line, SHOWN));
	show_line(&before, first(buf_view(&plain), at - from));
	show_line(&all, buf_view(&plain));
	printf("%6" PRIu64 " | %s%s%s\n", line_number, from ? "..." : "", buf_string(&all), cut ? "..." : "");
	printf("       | %*s^\n", (int)utf8_length(buf_view(&before)) + (from ? 3 : 0), "");
	buf_done(&plain);
	buf_done(&before);
	buf_done(&all);
}

static void print_json(const struct rule_complaints *c, const struct script_complaint *m)
{
	bool first_one = c->errors + c->warnings == 1;
	printf("%s{\"line\":%" PRIu64 ",\"column\":%" PRIu64 ",\"severity\":\"%s\",\"text\":",
	    first_one ? "" : ",", m->line, m->column, m->warning ? "warning" : "error");
	cli_json_string(m->text);
	putchar('}');
}

void rule_complaint(struct rule_complaints *c, const struct script_complaint *m)
{
	if (m->warning)
		c->warnings++;
	else
		c->errors++;
	if (c->json) {
		print_json(c, m);
		return;
	}
	cli_print(view_from_string(c->file));
	printf(":%" PRIu64 ":%" PRIu64 ": %s: ", m->line, m->column, m->warning ? "warning" : "error");
	cli_print(m->text);
	putchar('\n');
	show_source(line_of(c->text, m->line), m->line, m->column);
}

void rule_complaints_begin(struct rule_complaints *c)
{
	if (c->json)
		fputs("\"complaints\":[", stdout);
}

void rule_complaints_end(struct rule_complaints *c)
{
	if (c->json)
		putchar(']');
}
