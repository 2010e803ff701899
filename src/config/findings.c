/* A list of texts, and the two forms in which it is told: see findings.h. */
#include "config/findings.h"

#include <string.h>

#include "base/mem.h"
#include "base/show.h"
#include "format/json.h"

void findings_init(struct findings *f)
{
	*f = (struct findings){.rows = mem_array(FINDINGS_MAX, sizeof *f->rows)};
	arena_init(&f->arena, FINDINGS_MEMORY_MAX);
}

void findings_done(struct findings *f)
{
	mem_free(f->rows);
	arena_done(&f->arena);
	*f = (struct findings){0};
}

/* Paths and values may hold anything. */
static const char *keep(struct findings *f, const char *text)
{
	struct view from = view_from_string(text), copy;
	struct buf shown;
	buf_init(&shown, 4 * from.len + 16);
	show_line(&shown, from);
	bool kept = arena_copy(&f->arena, buf_view(&shown), &copy);
	buf_done(&shown);
	return kept ? copy.data : "";
}

void findings_add(struct findings *f, const struct finding *finding)
{
	if (finding->level == FINDING_ERROR)
		f->errors++;
	else
		f->warnings++;
	if (f->count == FINDINGS_MAX) {
		f->left_out++;
		return;
	}
	f->rows[f->count++] = (struct finding){.level = finding->level,
	    .file = keep(f, finding->file),
	    .line = finding->line,
	    .setting = keep(f, finding->setting),
	    .problem = keep(f, finding->problem),
	    .expected = keep(f, finding->expected),
	    .meant = keep(f, finding->meant)};
}

/* In which order the files came up. */
static void rank_files(const struct findings *f, size_t ranks[FINDINGS_MAX])
{
	for (size_t i = 0; i < f->count; i++) {
		size_t first = 0;
		while (strcmp(f->rows[first].file, f->rows[i].file) != 0)
			first++;
		ranks[i] = first;
	}
}

void findings_sort(struct findings *f)
{
	size_t ranks[FINDINGS_MAX];
	rank_files(f, ranks);
	for (size_t i = 1; i < f->count; i++) {
		struct finding row = f->rows[i];
		size_t rank = ranks[i], k = i;
		/* What stands in no line (0) comes last. */
		for (; k > 0 && (ranks[k - 1] > rank ||
		                    (ranks[k - 1] == rank && f->rows[k - 1].line - 1 > row.line - 1));
		     k--) {
			f->rows[k] = f->rows[k - 1];
			ranks[k] = ranks[k - 1];
		}
		f->rows[k] = row;
		ranks[k] = rank;
	}
}

void finding_text(const struct finding *finding, struct buf *out)
{
	if (finding->file[0])
		buf_append_string(out, finding->file);
	if (finding->line)
		buf_printf(out, ":%u", finding->line);
	if (finding->file[0])
		buf_append_string(out, ": ");
	if (finding->level == FINDING_WARNING)
		buf_append_string(out, "warning: ");
	if (finding->setting[0])
		buf_printf(out, "%s: ", finding->setting);
	buf_append_string(out, finding->problem);
	if (finding->expected[0])
		buf_printf(out, "; expected %s", finding->expected);
	if (finding->meant[0])
		buf_printf(out, "; did you mean %s?", finding->meant);
}

void findings_text(const struct findings *f, bool warnings, struct buf *out)
{
	bool first = true;
	for (size_t i = 0; i < f->count; i++) {
		if (f->rows[i].level == FINDING_WARNING && !warnings)
			continue;
		if (!first)
			buf_append_byte(out, '\n');
		first = false;
		finding_text(&f->rows[i], out);
	}
	if (f->left_out)
		buf_printf(out, "\nand %zu more: mend these first", f->left_out);
}

static void put_member(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, ",\"%s\":", name);
	json_append_string(out, view_from_string(text));
}

void findings_json(const struct findings *f, const char *file, struct buf *out)
{
	buf_append_string(out, "{\"file\":");
	json_append_string(out, view_from_string(file));
	buf_printf(out, ",\"good\":%s,\"errors\":%u,\"warnings\":%u,\"findings\":[",
	    f->errors ? "false" : "true", f->errors, f->warnings);
	for (size_t i = 0; i < f->count; i++) {
		const struct finding *row = &f->rows[i];
		buf_printf(out, "%s{\"level\":\"%s\"", i ? "," : "",
		    row->level == FINDING_ERROR ? "error" : "warning");
		put_member(out, "file", row->file);
		buf_printf(out, ",\"line\":%u", row->line);
		put_member(out, "setting", row->setting);
		put_member(out, "problem", row->problem);
		put_member(out, "expected", row->expected);
		put_member(out, "meant", row->meant);
		buf_append_byte(out, '}');
	}
	buf_append_string(out, "]}\n");
}
