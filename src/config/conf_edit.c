/* See conf_edit.h. */
#include "config/conf_edit.h"

const struct conf_statement *conf_find(const struct conf *c, struct view name)
{
	const struct conf_statement *at = c->first;
	while (at && !view_equal(at->name, name))
		at = at->next;
	return at;
}

static unsigned lines_in(struct view text)
{
	unsigned n = 0;
	for (size_t i = 0; i < text.len; i++)
		n += text.data[i] == '\n';
	return n;
}

static bool is_blank(struct view text)
{
	return view_trim(text).len == 0;
}

/* Takes out the statement, and its line when nothing else stands there. */
static void take_out(struct view text, const struct conf_statement *at, struct buf *out)
{
	size_t begin = at->begin, end = at->end;
	while (begin > 0 && text.data[begin - 1] != '\n')
		begin--;
	while (end < text.len && text.data[end] != '\n')
		end++;
	bool alone = is_blank(view_of(text.data + begin, at->begin - begin)) &&
	             is_blank(view_of(text.data + at->end, end - at->end));
	if (!alone)
		begin = at->begin, end = at->end;
	else if (end < text.len)
		end++;
	buf_append(out, view_take(text, begin));
	buf_append(out, view_skip(text, end));
}

/* Whether what is written there stands between statements, and in no comment of several lines. */
static bool is_free(const struct conf *c, struct view text, size_t at)
{
	for (size_t i = 0; i + 1 < at; i++)
		if (text.data[i] == '/' && text.data[i + 1] == '*')
			return false;
	for (const struct conf_statement *s = c->first; s; s = s->next)
		if (s->file == 0 && s->begin < at && at < s->end)
			return false;
	return true;
}

/* Behind the line that shows the default as a comment; 0: there is none. */
static size_t place_of_comment(const struct conf *c, struct view text, struct view name)
{
	struct view rest = text, line;
	while (rest.len && view_next(&rest, '\n', &line)) {
		struct view words = line;
		if (words.len == 0 || words.data[0] != '#')
			continue;
		words = view_trim(view_skip(words, 1));
		if (!view_starts(words, name) ||
		    !view_starts(view_trim(view_skip(words, name.len)), VIEW("=")))
			continue;
		size_t end = (size_t)(line.data - text.data) + line.len;
		end += end < text.len;
		return is_free(c, text, end) ? end : 0;
	}
	return 0;
}

static void put_statement(struct buf *out, struct view name, struct view value)
{
	buf_append(out, name);
	buf_append_string(out, " = ");
	buf_append(out, value);
}

static void add(const struct conf *c, struct view text, struct view name, struct view value, struct buf *out,
    unsigned *line)
{
	size_t at = place_of_comment(c, text, name);
	if (at == 0)
		at = text.len;
	buf_append(out, view_take(text, at));
	if (at > 0 && text.data[at - 1] != '\n')
		buf_append_byte(out, '\n');
	*line = lines_in(buf_view(out)) + 1;
	put_statement(out, name, value);
	buf_append_byte(out, '\n');
	buf_append(out, view_skip(text, at));
}

unsigned conf_edit(const struct conf *c, struct view name, struct view value, struct buf *out, unsigned *line)
{
	const struct conf_statement *at = conf_find(c, name);
	unsigned file = at ? at->file : 0;
	struct view text = buf_view(&c->files[file].text);
	*line = at ? at->line : 0;
	if (at == NULL && value.len > 0) {
		add(c, text, name, value, out, line);
	} else if (at && value.len == 0) {
		take_out(text, at, out);
	} else if (at) {
		buf_append(out, view_take(text, at->begin));
		put_statement(out, name, value);
		buf_append(out, view_skip(text, at->end));
	} else {
		buf_append(out, text);
	}
	return file;
}
