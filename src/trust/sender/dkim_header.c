/* The header as signatures see it: RFC 6376 sections 3.4.1, 3.4.2, 5.4.2. */
#include "trust/sender/dkim_header.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/header.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* ---- reading ---- */

/* The line with its CRLF; all the rest when it has none. */
static struct view line_at(struct view rest)
{
	for (size_t from = 0; from < rest.len;) {
		ptrdiff_t lf = view_find(view_skip(rest, from), '\n');
		if (lf < 0)
			break;
		from += (size_t)lf + 1;
		if (from >= 2 && rest.data[from - 2] == '\r')
			return view_take(rest, from);
	}
	return rest;
}

static struct view without_crlf(struct view v)
{
	bool has = v.len >= 2 && v.data[v.len - 2] == '\r' && v.data[v.len - 1] == '\n';
	return has ? view_take(v, v.len - 2) : v;
}

/* Whether each CR and each LF of a line is part of the CRLF at its end, and there is no NUL. */
static bool is_clean(struct view line)
{
	struct view text = without_crlf(line);
	return text.len < line.len && view_find(text, '\r') < 0 && view_find(text, '\n') < 0 &&
	       view_find(text, '\0') < 0;
}

/* field-name *WSP ":" (RFC 5322 sections 2.2 and 4.5) */
static bool read_name(struct view whole, struct dkim_header_field *out)
{
	size_t len = 0, colon;
	while (len < whole.len && header_is_ftext(whole.data[len]))
		len++;
	for (colon = len; colon < whole.len && is_blank(whole.data[colon]);)
		colon++;
	if (len == 0 || colon == whole.len || whole.data[colon] != ':')
		return false;
	out->name = view_take(whole, len);
	out->body = without_crlf(view_skip(whole, colon + 1));
	return true;
}

static int add(struct dkim_header *h, size_t *room, struct view whole)
{
	if (h->count == DKIM_FIELDS_MAX)
		return -E2BIG;
	if (h->count == *room) {
		size_t more = *room ? 2 * *room : 64;
		struct dkim_header_field *fields = mem_try_resize(h->fields, more * sizeof *fields);
		if (fields == NULL)
			return -ENOMEM;
		h->fields = fields;
		*room = more;
	}
	struct dkim_header_field field = {.whole = whole};
	if (!read_name(whole, &field))
		h->malformed = true;
	h->fields[h->count++] = field;
	return 0;
}

static int read_fields(struct dkim_header *h)
{
	struct view rest = h->block, line;
	size_t room = 0;
	while (rest.len) {
		size_t len = 0;
		do {
			line = line_at(view_skip(rest, len));
			h->malformed |= !is_clean(line);
			len += line.len;
		} while (len < rest.len && is_blank(rest.data[len]));
		int error = add(h, &room, view_take(rest, len));
		if (error)
			return error;
		rest = view_skip(rest, len);
	}
	return 0;
}

/* ---- finding ---- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static int compare_names(struct view a, struct view b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	for (size_t i = 0; i < a.len; i++)
		if (a.data[i] != b.data[i] && lower(a.data[i]) != lower(b.data[i]))
			return lower(a.data[i]) < lower(b.data[i]) ? -1 : 1;
	return 0;
}

/* The order of heapsort's siftings: of names, then of places. */
static bool is_before(const struct dkim_header *h, uint32_t a, uint32_t b)
{
	int order = compare_names(h->fields[a].name, h->fields[b].name);
	return order ? order < 0 : a < b;
}

static void sift(struct dkim_header *h, size_t at, size_t end)
{
	uint32_t field = h->by_name[at];
	for (size_t child; (child = 2 * at + 1) < end; at = child) {
		if (child + 1 < end && is_before(h, h->by_name[child], h->by_name[child + 1]))
			child++;
		if (!is_before(h, field, h->by_name[child]))
			break;
		h->by_name[at] = h->by_name[child];
	}
	h->by_name[at] = field;
}

/* In place, and n log n for whatever a stranger sends. */
static void sort(struct dkim_header *h)
{
	for (size_t i = h->count / 2; i-- > 0;)
		sift(h, i, h->count);
	for (size_t end = h->count; end-- > 1;) {
		uint32_t last = h->by_name[end];
		h->by_name[end] = h->by_name[0];
		h->by_name[0] = last;
		sift(h, 0, end);
	}
}

int dkim_header_read(struct dkim_header *h, struct view block)
{
	*h = (struct dkim_header){.block = block};
	if (block.len > DKIM_HEADER_MAX)
		return -E2BIG;
	int error = read_fields(h);
	if (error)
		return error;
	size_t size = (h->count ? h->count : 1) * sizeof h->by_name[0];
	h->by_name = mem_try(size);
	h->taken = mem_try(size);
	if (h->by_name == NULL || h->taken == NULL)
		return -ENOMEM;
	memset(h->taken, 0, size);
	for (size_t i = 0; i < h->count; i++)
		h->by_name[i] = (uint32_t)i;
	sort(h);
	return 0;
}

void dkim_header_done(struct dkim_header *h)
{
	mem_free(h->fields);
	mem_free(h->by_name);
	mem_free(h->taken);
	*h = (struct dkim_header){0};
}

/* Where the first name that is not before `name` (after: that is behind it) stands in by_name. */
static size_t find(const struct dkim_header *h, struct view name, bool after)
{
	size_t low = 0, high = h->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_names(h->fields[h->by_name[middle]].name, name);
		if (order < 0 || (after && order == 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t dkim_header_count(const struct dkim_header *h, struct view name)
{
	return find(h, name, true) - find(h, name, false);
}

void dkim_header_take_begin(struct dkim_header *h)
{
	h->turn++;
}

const struct dkim_header_field *dkim_header_take(
    struct dkim_header *h, struct view name, const struct dkim_header_field *but)
{
	if (name.len == 0)
		return NULL;
	size_t begin = find(h, name, false);
	for (size_t i = find(h, name, true); i-- > begin;) {
		uint32_t place = h->by_name[i];
		if (h->taken[place] == h->turn || &h->fields[place] == but)
			continue;
		h->taken[place] = h->turn;
		return &h->fields[place];
	}
	return NULL;
}

size_t dkim_header_count_taken(const struct dkim_header *h, struct view name)
{
	size_t count = 0;
	for (size_t i = find(h, name, false), end = find(h, name, true); i < end; i++)
		count += h->taken[h->by_name[i]] == h->turn;
	return count;
}

/* ---- writing ---- */

/*
 * Section 3.4.2: the name in lower case, a colon, the body on one line, with one SP for each run of blanks
 * and none at its ends. The body holds CR and LF of folds alone, or the header is malformed.
 */
static int write_relaxed(struct view name, struct view body, struct buf *out)
{
	char *to = buf_reserve(out, name.len + 1 + body.len), *begin = to;
	if (to == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < name.len; i++)
		*to++ = lower(name.data[i]);
	*to++ = ':';
	bool blank = true; /* none is written at the beginning */
	for (size_t i = 0; i < body.len; i++) {
		char c = body.data[i];
		if ((unsigned char)c > ' ') {
			*to++ = c;
			blank = false;
		} else if (is_blank(c)) {
			if (!blank)
				*to++ = ' ';
			blank = true;
		} else if (c != '\r' && c != '\n') {
			*to++ = c;
			blank = false;
		}
	}
	if (to[-1] == ' ')
		to--;
	buf_commit(out, (size_t)(to - begin));
	return 0;
}

int dkim_header_write(const struct dkim_header_field *field, enum dkim_canon canon, struct buf *out)
{
	if (canon == DKIM_SIMPLE)
		return buf_append(out, field->whole);
	int error = write_relaxed(field->name, field->body, out);
	return error ? error : buf_append(out, VIEW("\r\n"));
}

int dkim_header_write_cut(
    const struct dkim_header_field *field, struct view cut, enum dkim_canon canon, struct buf *out)
{
	struct view whole = without_crlf(field->whole);
	size_t before = (size_t)(cut.data - whole.data), head = (size_t)(field->body.data - whole.data);
	struct buf rest;
	buf_init(&rest, whole.len);
	buf_append(&rest, view_take(whole, before));
	buf_append(&rest, view_skip(whole, before + cut.len));
	int error = buf_failed(&rest) ? -ENOMEM : 0;
	if (error == 0 && canon == DKIM_SIMPLE)
		error = buf_append(out, buf_view(&rest));
	else if (error == 0)
		error = write_relaxed(field->name, view_skip(buf_view(&rest), head), out);
	buf_done(&rest);
	return error;
}
