/* See import_file.h. */
#include "cli/import_file.h"

#include <string.h>

#include "base/mem.h"

enum { COLUMNS_MAX = 32, ARENA_MAX = 256 << 20 };

static struct import_row *add_row(struct import_file *f, size_t line)
{
	if (f->count == f->room) {
		f->room = f->room ? 2 * f->room : 1024;
		f->rows = mem_resize(f->rows, f->room * sizeof *f->rows);
	}
	f->rows[f->count] = (struct import_row){.line = line};
	return &f->rows[f->count++];
}

void import_free(struct import_file *f)
{
	mem_free(f->rows);
	arena_done(&f->arena);
}

static bool is_full(struct import_file *f, size_t line)
{
	if (f->count < IMPORT_ROWS_MAX)
		return false;
	f->wrong(f->arg, line, "the list has more than a million users; import it in parts");
	return true;
}

static struct view take_line(struct view *rest)
{
	struct view line = {0};
	view_next(rest, '\n', &line);
	if (line.len && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* ---- passwd-file ---- */

/* The size in an extra field such as userdb_quota_rule=*:storage=500M. */
static struct view find_storage(struct view rest)
{
	static const struct view word = {"storage=", 8};
	for (; rest.len > word.len; rest = view_skip(rest, 1)) {
		if (!view_starts(rest, word))
			continue;
		struct view value = view_skip(rest, word.len);
		size_t len = 0;
		while (len < value.len && ascii_is_alnum(value.data[len]))
			len++;
		return view_take(value, len);
	}
	return (struct view){0};
}

void import_read_passwd(struct import_file *f, struct view text)
{
	arena_init(&f->arena, ARENA_MAX);
	for (size_t n = 1; text.len > 0; n++) {
		struct view line = take_line(&text), user, hash = {0};
		if (view_empty(view_trim(line)) || line.data[0] == '#')
			continue;
		if (is_full(f, n))
			return;
		struct view rest = line;
		view_next(&rest, ':', &user);
		if (user.len == line.len) {
			f->wrong(f->arg, n, "expected user:{SCHEME}hash, but there is no colon");
			continue;
		}
		view_next(&rest, ':', &hash);
		struct import_row *row = add_row(f, n);
		row->address = user;
		row->hash = hash;
		row->quota = find_storage(rest);
	}
}

/* ---- CSV ---- */

/*
 * The next record: fields without their quotes, in the arena where they had some inside. False for one that
 * is not well-formed, or has too many fields; it is passed over. *lines: how many it takes.
 */
struct record {
	struct view fields[COLUMNS_MAX];
	size_t count, lines;
};

static size_t quoted_end(struct view text, bool *doubled, size_t *lines)
{
	for (size_t i = 1; i < text.len; i++) {
		*lines += text.data[i] == '\n';
		if (text.data[i] != '"')
			continue;
		if (i + 1 == text.len || text.data[i + 1] != '"')
			return i;
		*doubled = true;
		i++;
	}
	return 0;
}

static struct view without_doubles(struct arena *arena, struct view text)
{
	char *copy = arena_alloc(arena, text.len + 1);
	size_t n = 0;
	if (copy == NULL)
		return (struct view){0};
	for (size_t i = 0; i < text.len; i++) {
		copy[n++] = text.data[i];
		i += text.data[i] == '"';
	}
	return view_of(copy, n);
}

static bool take_quoted(struct import_file *f, struct view *rest, struct view *field, size_t *lines)
{
	bool doubled = false;
	size_t end = quoted_end(*rest, &doubled, lines);
	if (end == 0)
		return false;
	*field = view_take(view_skip(*rest, 1), end - 1);
	if (doubled)
		*field = without_doubles(&f->arena, *field);
	*rest = view_skip(*rest, end + 1);
	return true;
}

static bool take_record(struct import_file *f, struct view *rest, struct record *r)
{
	r->count = 0;
	r->lines = 1;
	for (;;) {
		struct view field;
		if (r->count == COLUMNS_MAX) {
			take_line(rest);
			return false;
		}
		if (rest->len && rest->data[0] == '"') {
			if (!take_quoted(f, rest, &field, &r->lines)) {
				take_line(rest);
				return false;
			}
		} else {
			size_t len = 0;
			while (len < rest->len && rest->data[len] != ',' && rest->data[len] != '\n')
				len++;
			field = view_trim(view_take(*rest, len));
			*rest = view_skip(*rest, len);
		}
		r->fields[r->count++] = field;
		if (rest->len && rest->data[0] == ',') {
			*rest = view_skip(*rest, 1);
			continue;
		}
		return view_empty(view_trim(take_line(rest)));
	}
}

enum column { ADDRESS, PASSWORD, HASH, QUOTA, ALIASES, COLUMNS };
static const struct view column_names[COLUMNS] = {
    {"address", 7}, {"password", 8}, {"hash", 4}, {"quota", 5}, {"aliases", 7}};

static enum column column_of(struct view name)
{
	for (unsigned i = 0; i < COLUMNS; i++)
		if (view_equal_nocase(view_trim(name), column_names[i]))
			return (enum column)i;
	return COLUMNS;
}

bool import_is_csv(struct view text)
{
	struct view line = take_line(&text), name;
	while (line.len && view_next(&line, ',', &name))
		if (column_of(name) == ADDRESS)
			return true;
	return false;
}

static void put_record(struct import_row *row, const enum column *columns, const struct record *r)
{
	struct view *const to[COLUMNS] = {
	    &row->address, &row->password, &row->hash, &row->quota, &row->aliases};
	for (size_t i = 0; i < r->count; i++)
		*to[columns[i]] = r->fields[i];
}

static bool take_head(struct import_file *f, struct view *text, enum column *columns, struct record *head)
{
	bool good = take_record(f, text, head);
	for (size_t i = 0; i < head->count; i++) {
		columns[i] = column_of(head->fields[i]);
		good = good && columns[i] != COLUMNS;
	}
	if (!good)
		f->wrong(f->arg, 1,
		    "the first line names the columns: address, and any of password, hash, quota, aliases");
	return good;
}

void import_read_csv(struct import_file *f, struct view text)
{
	enum column columns[COLUMNS_MAX];
	struct record head, r;
	arena_init(&f->arena, ARENA_MAX);
	if (!take_head(f, &text, columns, &head))
		return;
	for (size_t n = 1 + head.lines; text.len > 0; n += r.lines) {
		if (is_full(f, n))
			return;
		if (!take_record(f, &text, &r))
			f->wrong(
			    f->arg, n, "this is no line of CSV: a quote is missing, or something follows it");
		else if (r.count == 1 && view_empty(r.fields[0]))
			continue;
		else if (r.count != head.count)
			f->wrong(f->arg, n, "this line has another number of fields than the first one");
		else
			put_record(add_row(f, n), columns, &r);
	}
}
