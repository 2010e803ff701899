/*
 * Office Open XML (ECMA-376) and OpenDocument (OASIS, ISO 26300). Both say by the names of elements what is
 * text: <w:t>, <a:t>, <t>; <text:p>, <text:h>. What ends a paragraph, a row or a cell keeps words apart.
 */
#include "extract/office.h"

#include <errno.h>

#include "base/mem.h"
#include "extract/xml.h"

struct office_reader {
	struct extract_out *out;
	struct xml_reader *xml;
	enum office_part part;
	unsigned depth;
	unsigned skipped; /* the depth of the element that is left out with all within; 0: none is */
	unsigned seen;    /* elements open whose text is seen */
	bool value_seen;  /* of the cell that is open */
};

static const struct {
	const char *begin, *end;
	enum office_part part;
} parts[] = {
    {"word/document", ".xml", OFFICE_TEXT},
    {"word/header", ".xml", OFFICE_TEXT},
    {"word/footer", ".xml", OFFICE_TEXT},
    {"word/footnotes", ".xml", OFFICE_TEXT},
    {"word/endnotes", ".xml", OFFICE_TEXT},
    {"word/comments.", "xml", OFFICE_TEXT},
    {"word/glossary/document", ".xml", OFFICE_TEXT},
    {"xl/sharedStrings", ".xml", OFFICE_TEXT},
    {"xl/worksheets/", ".xml", OFFICE_SHEET},
    {"xl/workbook", ".xml", OFFICE_BOOK},
    {"xl/comments", ".xml", OFFICE_TEXT},
    {"xl/drawings/drawing", ".xml", OFFICE_TEXT},
    {"ppt/slides/slide", ".xml", OFFICE_TEXT},
    {"ppt/notesSlides/notesSlide", ".xml", OFFICE_TEXT},
    {"ppt/comments/", ".xml", OFFICE_TEXT},
    {"ppt/diagrams/data", ".xml", OFFICE_TEXT},
    {"docProps/core", ".xml", OFFICE_PROPERTIES},
    {"content.xml", "", OFFICE_OPEN},
    {"styles.xml", "", OFFICE_OPEN}, /* headers and footers */
    {"meta.xml", "", OFFICE_PROPERTIES},
};

enum office_part office_part_of(struct view name)
{
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		struct view begin = view_from_string(parts[i].begin), end = view_from_string(parts[i].end);
		bool whole = end.len > 0 || name.len == begin.len;
		if (whole && view_starts_nocase(name, begin) && view_ends_nocase(name, end))
			return parts[i].part;
	}
	return OFFICE_NONE;
}

static bool is_one_of(struct view name, const char *const *list)
{
	for (; *list; list++)
		if (view_equal(name, view_from_string(*list)))
			return true;
	return false;
}

static void tell(struct office_reader *r, struct view text)
{
	if (!extract_tell(r->out, text))
		xml_stop(r->xml);
}

/* Older programs' copy of what stands before it, sounds of Japanese words, codes of fields, tab stops. */
static bool is_left_out(enum office_part part, struct view name)
{
	static const char *const ooxml[] = {"Fallback", "rPh", "instrText", "tabs", NULL};
	static const char *const open[] = {"tracked-changes", "script", "forms", "sequence-decls", NULL};
	return is_one_of(name, part == OFFICE_OPEN ? open : ooxml);
}

static bool is_text(struct office_reader *r, struct view name)
{
	switch (r->part) {
	case OFFICE_SHEET:
		return view_equal(name, VIEW("t")) || (r->value_seen && view_equal(name, VIEW("v")));
	case OFFICE_TEXT:
		/* Comments of PowerPoint stand in <text>. */
		return view_equal(name, VIEW("t")) || view_equal(name, VIEW("text"));
	case OFFICE_OPEN:
		return view_equal(name, VIEW("p")) || view_equal(name, VIEW("h"));
	case OFFICE_PROPERTIES:
		return true;
	default:
		return false;
	}
}

static void start(void *arg, struct view name, const char *const *attributes)
{
	struct office_reader *r = arg;
	r->depth++;
	if (r->skipped)
		return;
	if (is_left_out(r->part, name)) {
		r->skipped = r->depth;
		return;
	}
	if (r->part == OFFICE_BOOK && view_equal(name, VIEW("sheet"))) {
		tell(r, xml_attribute(attributes, VIEW("name")));
		tell(r, VIEW("\n"));
	}
	if (r->part == OFFICE_SHEET && view_equal(name, VIEW("c"))) {
		/* "s" is the number of a string, "b" and "e" are truth and error. */
		struct view type = xml_attribute(attributes, VIEW("t"));
		r->value_seen = type.len == 0 || view_equal(type, VIEW("n")) ||
		                view_equal(type, VIEW("str")) || view_equal(type, VIEW("d"));
	}
	if (view_equal(name, VIEW("tab")))
		tell(r, VIEW("\t"));
	else if (view_equal(name, VIEW("br")) || view_equal(name, VIEW("cr")) ||
	         view_equal(name, VIEW("line-break")))
		tell(r, VIEW("\n"));
	else if (view_equal(name, VIEW("noBreakHyphen")))
		tell(r, VIEW("-"));
	else if (r->part == OFFICE_OPEN && view_equal(name, VIEW("s")))
		tell(r, VIEW(" "));
	if (is_text(r, name))
		r->seen++;
}

static void end(void *arg, struct view name)
{
	static const char *const line[] = {"p", "h", "si", "row", "comment", "cm", "text", NULL};
	static const char *const cell[] = {"c", "tc", "table-cell", NULL};
	struct office_reader *r = arg;
	unsigned depth = r->depth--;
	if (r->skipped) {
		if (r->skipped == depth)
			r->skipped = 0;
		return;
	}
	if (is_text(r, name) && r->seen > 0)
		r->seen--;
	if (r->part == OFFICE_PROPERTIES || is_one_of(name, line))
		tell(r, VIEW("\n"));
	else if (is_one_of(name, cell))
		tell(r, VIEW("\t"));
}

static void text(void *arg, struct view utf8)
{
	struct office_reader *r = arg;
	if (r->seen > 0 && r->skipped == 0)
		tell(r, utf8);
}

struct office_reader *office_reader_new(enum office_part part, struct extract_out *out)
{
	struct office_reader *r = mem_try(sizeof *r);
	if (r != NULL) {
		*r = (struct office_reader){.out = out, .part = part};
		struct xml_events events = {.start = start, .end = end, .text = text, .arg = r};
		r->xml = xml_reader_new(&events);
	}
	if (r == NULL || r->xml == NULL) {
		mem_free(r);
		extract_end(out, EXTRACT_NO_MEMORY);
		return NULL;
	}
	return r;
}

bool office_feed(struct office_reader *r, struct view bytes, bool last, bool *damaged)
{
	int error = xml_feed(r->xml, bytes, last);
	if (error == -ENOMEM)
		extract_end(r->out, EXTRACT_NO_MEMORY);
	else if (error != 0 && error != -ECANCELED)
		*damaged = true;
	return error == 0;
}

void office_reader_free(struct office_reader *r)
{
	if (r == NULL)
		return;
	xml_reader_free(r->xml);
	mem_free(r);
}
