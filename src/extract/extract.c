/*
 * Which format a file is in. A format is known by the first bytes where it has any
 * of its own, since labels lie: Word opens RTF and HTML that are called .doc, so programs write them.
 */
#include "extract/extract_private.h"

typedef void reader(const struct extract_file *file, struct extract_out *out);

/* Some programs write a line before it; in a text, the words may be about PDF. */
static bool is_pdf(struct view bytes, struct view type)
{
	size_t far = view_starts_nocase(type, VIEW("text/")) ? 1 : 1024;
	for (size_t i = 0; i < far && i < bytes.len; i++)
		if (view_starts(view_skip(bytes, i), VIEW("%PDF-")))
			return true;
	return false;
}

static reader *by_bytes(struct view bytes, struct view type)
{
	struct view text = bytes;
	if (view_starts(text, VIEW("\xef\xbb\xbf")))
		text = view_skip(text, 3);
	text = view_trim(view_take(text, 256));
	if (view_starts_nocase(text, VIEW("<!doctype html")) || view_starts_nocase(text, VIEW("<html")))
		return extract_html;
	if (view_starts_nocase(text, VIEW("BEGIN:VCALENDAR")) ||
	    view_starts_nocase(text, VIEW("BEGIN:VCARD")))
		return extract_properties;
	if (is_pdf(bytes, type))
		return extract_pdf;
	if (view_starts(bytes, VIEW("PK\3\4")) || view_starts(bytes, VIEW("PK\5\6")))
		return extract_archive;
	if (view_starts(text, VIEW("{\\rtf")))
		return extract_rtf;
	return NULL;
}

static const struct {
	const char *type;
	reader *read;
} types[] = {
    {"text/html", extract_html},
    {"text/xml", extract_html},
    {"application/xhtml+xml", extract_html},
    {"application/xml", extract_html},
    {"image/svg+xml", extract_html},
    {"text/calendar", extract_properties},
    {"application/ics", extract_properties},
    {"text/vcard", extract_properties},
    {"text/x-vcard", extract_properties},
    {"text/directory", extract_properties},
    {"text/rtf", extract_rtf},
    {"text/richtext", extract_plain},
    {"application/rtf", extract_rtf},
    {"application/vnd.oasis.opendocument.text-flat-xml", extract_flat_document},
    {"application/vnd.oasis.opendocument.spreadsheet-flat-xml", extract_flat_document},
    {"application/vnd.oasis.opendocument.presentation-flat-xml", extract_flat_document},
    {"application/json", extract_plain},
    {"application/javascript", extract_plain},
    {"application/x-sh", extract_plain},
    {"application/sql", extract_plain},
    {"application/yaml", extract_plain},
    {"application/x-yaml", extract_plain},
    {"application/toml", extract_plain},
};

static reader *by_type(struct view type)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (view_equal_nocase(type, view_from_string(types[i].type)))
			return types[i].read;
	return view_starts_nocase(type, VIEW("text/")) ? extract_plain : NULL;
}

static const struct {
	const char *ending;
	reader *read;
} endings[] = {
    {".txt", extract_plain},
    {".text", extract_plain},
    {".log", extract_plain},
    {".md", extract_plain},
    {".rst", extract_plain},
    {".tex", extract_plain},
    {".csv", extract_plain},
    {".tsv", extract_plain},
    {".json", extract_plain},
    {".yaml", extract_plain},
    {".yml", extract_plain},
    {".toml", extract_plain},
    {".ini", extract_plain},
    {".conf", extract_plain},
    {".sql", extract_plain},
    {".sh", extract_plain},
    {".py", extract_plain},
    {".js", extract_plain},
    {".c", extract_plain},
    {".h", extract_plain},
    {".java", extract_plain},
    {".diff", extract_plain},
    {".patch", extract_plain},
    {".htm", extract_html},
    {".html", extract_html},
    {".xhtml", extract_html},
    {".xml", extract_html},
    {".svg", extract_html},
    {".rtf", extract_rtf},
    {".fodt", extract_flat_document},
    {".fods", extract_flat_document},
    {".fodp", extract_flat_document},
    {".ics", extract_properties},
    {".ifb", extract_properties},
    {".vcs", extract_properties},
    {".vcf", extract_properties},
};

static reader *by_name(struct view name)
{
	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
		if (view_ends_nocase(name, view_from_string(endings[i].ending)))
			return endings[i].read;
	return NULL;
}

/* Types that tell of a picture, a sound or a film: nobody gives one to a document. */
static bool has_no_text(struct view type)
{
	return (view_starts_nocase(type, VIEW("image/")) || view_starts_nocase(type, VIEW("audio/")) ||
	           view_starts_nocase(type, VIEW("video/")) || view_starts_nocase(type, VIEW("font/"))) &&
	       by_type(type) == NULL;
}

bool extract_may_read(struct view type, struct view name)
{
	if (has_no_text(type))
		return false;
	/* Anything else may be a document whose bytes say so. */
	return by_type(type) != NULL || by_name(name) != NULL || view_empty(type) ||
	       view_starts_nocase(type, VIEW("application/"));
}

enum extract_verdict extract_text(const struct extract_file *file, extract_text_fn *text, void *arg)
{
	if (has_no_text(file->type))
		return EXTRACT_NO_FORMAT;
	reader *read = by_bytes(file->bytes, file->type);
	if (read == NULL)
		read = by_type(file->type);
	if (read == NULL)
		read = by_name(file->name);
	if (read == NULL)
		return EXTRACT_NO_FORMAT;
	struct extract_out out;
	out.text = text;
	out.arg = arg;
	out.told = 0;
	out.len = 0;
	out.verdict = EXTRACT_ALL;
	read(file, &out);
	if (out.len > 0 && out.verdict != EXTRACT_STOPPED && !text(arg, view_of(out.piece, out.len)))
		return EXTRACT_STOPPED;
	/* Something that was damaged and told nothing gave no text at all. */
	return out.verdict == EXTRACT_SOME && out.told == 0 ? EXTRACT_UNREADABLE : out.verdict;
}

const char *extract_verdict_name(enum extract_verdict verdict)
{
	static const char *const names[] = {
	    [EXTRACT_ALL] = "all",
	    [EXTRACT_SOME] = "some",
	    [EXTRACT_UNREADABLE] = "unreadable",
	    [EXTRACT_NO_FORMAT] = "no-format",
	    [EXTRACT_STOPPED] = "stopped",
	    [EXTRACT_NO_MEMORY] = "no-memory",
	};
	return names[verdict];
}
