/*
 * Reads the configuration file by hand, a statement at a time: after what is no statement it goes on at the
 * next one, so that all mistakes are told at once.
 */
#include "config/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"

struct reader {
	struct conf *conf;
	struct findings *found;
	struct view text; /* the whole file */
	size_t at;
	unsigned line, file, depth;
};

static int read_file(
    struct conf *c, const char *path, unsigned depth, struct reader *from, struct findings *found);

/* ---- what is wrong ---- */

static void complain(
    struct reader *r, unsigned line, const char *setting, const char *problem, const char *expected)
{
	findings_add(r->found, &(struct finding){.level = FINDING_ERROR,
	                           .file = r->conf->files[r->file].path,
	                           .line = line,
	                           .setting = setting,
	                           .problem = problem,
	                           .expected = expected});
}

/* ---- characters ---- */

static char peek(const struct reader *r, size_t ahead)
{
	return r->at + ahead < r->text.len ? r->text.data[r->at + ahead] : '\0';
}

static bool at_end(const struct reader *r)
{
	return r->at >= r->text.len;
}

static void step(struct reader *r)
{
	if (r->text.data[r->at++] == '\n')
		r->line++;
}

static void skip_line(struct reader *r)
{
	while (!at_end(r) && peek(r, 0) != '\n')
		r->at++;
}

static void skip_long_comment(struct reader *r)
{
	unsigned begun = r->line;
	r->at += 2;
	while (!at_end(r) && !(peek(r, 0) == '*' && peek(r, 1) == '/'))
		step(r);
	if (at_end(r))
		complain(r, begun, NULL, "this comment has no end", "*/ behind it");
	else
		r->at += 2;
}

static void skip_blanks(struct reader *r)
{
	while (!at_end(r)) {
		char c = peek(r, 0);
		if (c == '#' || (c == '/' && peek(r, 1) == '/'))
			skip_line(r);
		else if (c == '/' && peek(r, 1) == '*')
			skip_long_comment(r);
		else if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			step(r);
		else
			return;
	}
}

static bool is_name(char c)
{
	return ascii_is_alnum(c) || c == '_' || c == '-';
}

static struct view take_name(struct reader *r)
{
	size_t begin = r->at;
	while (!at_end(r) && is_name(peek(r, 0)))
		r->at++;
	return view_of(r->text.data + begin, r->at - begin);
}

/* Whether a statement begins here: the only thing that the reader can find again behind a mistake. */
static bool at_statement(const struct reader *r)
{
	size_t ahead = 0;
	while (is_name(peek(r, ahead)))
		ahead++;
	if (ahead == 0)
		return false;
	while (peek(r, ahead) == ' ' || peek(r, ahead) == '\t')
		ahead++;
	return peek(r, ahead) == '=' || peek(r, ahead) == '(';
}

static void find_statement(struct reader *r)
{
	do {
		skip_line(r);
		skip_blanks(r);
	} while (!at_end(r) && !at_statement(r));
}

/* ---- values ---- */

/* A text in quotes. In double ones \" and \\ are a quote and a backslash. */
static bool take_quoted(struct reader *r, const char *setting, struct view *out)
{
	char quote = peek(r, 0);
	struct buf text;
	buf_init(&text, CONF_SIZE_MAX);
	bool good = true, closed = false;
	for (r->at++; good && !closed && !at_end(r); r->at++) {
		char c = peek(r, 0);
		if (c == quote) {
			closed = true;
		} else if (c == '\n') {
			break;
		} else if (quote == '"' && c == '\\') {
			r->at++;
			good = peek(r, 0) == '"' || peek(r, 0) == '\\';
			buf_append_byte(&text, peek(r, 0));
		} else if (quote == '"' && c == '$' && peek(r, 1) == '{') {
			complain(r, r->line, setting, "a variable of the environment is not put in here",
			    "its value");
			buf_append_byte(&text, c);
		} else {
			buf_append_byte(&text, c);
		}
	}
	if (!good)
		complain(r, r->line, setting,
		    "a backslash stands before another character than a quote or a backslash",
		    "\\\\ for a backslash itself");
	else if (!closed)
		complain(r, r->line, setting, "the text does not end on its line", "a quote behind it");
	good = good && closed && arena_copy(&r->conf->arena, buf_view(&text), out);
	buf_done(&text);
	return good;
}

static bool ends_word(char c)
{
	return c == '\0' || strchr(" \t\r\n,{}()=#\"'", c) != NULL;
}

static bool take_value(struct reader *r, const char *setting, struct conf_value *out)
{
	out->line = r->line;
	if (peek(r, 0) == '"' || peek(r, 0) == '\'') {
		if (!take_quoted(r, setting, &out->text))
			return false;
	} else {
		size_t begin = r->at;
		while (!ends_word(peek(r, 0)))
			r->at++;
		out->text = view_of(r->text.data + begin, r->at - begin);
		if (out->text.len == 0) {
			complain(r, r->line, setting, "there is no value",
			    "NAME = VALUE, where text stands in double quotes");
			return false;
		}
	}
	/* Elements of a list are kept a line each; and nothing that is set here has use for the others. */
	for (size_t i = 0; i < out->text.len; i++)
		if ((unsigned char)out->text.data[i] < ' ' || out->text.data[i] == 0x7f) {
			complain(
			    r, r->line, setting, "the value holds a control character", "text on one line");
			return false;
		}
	if (!utf8_valid(out->text)) {
		complain(r, r->line, setting, "the value is not UTF-8", "a file in UTF-8");
		return false;
	}
	return true;
}

/* {VALUE, ...}, with a comma behind the last one or without. */
static bool take_list(struct reader *r, const char *setting, struct conf_statement *s)
{
	unsigned begun = r->line;
	struct conf_value *values = mem_array(CONF_ELEMENTS_MAX, sizeof *values);
	bool good = true;
	r->at++;
	for (skip_blanks(r); good && !at_end(r) && peek(r, 0) != '}'; skip_blanks(r)) {
		if (s->count == CONF_ELEMENTS_MAX) {
			complain(r, r->line, setting, "the list is too long", "at most 4096 elements");
			good = false;
			break;
		}
		good = !at_statement(r) && take_value(r, setting, &values[s->count]);
		if (!good)
			break;
		s->count++;
		skip_blanks(r);
		if (peek(r, 0) == ',')
			r->at++;
		else if (peek(r, 0) != '}')
			break;
	}
	bool closed = !at_end(r) && peek(r, 0) == '}';
	if (!closed && (good || at_statement(r)))
		complain(r, begun, setting, "the list that begins here has no end",
		    "a comma between two elements, and } behind the last");
	if (closed)
		r->at++;
	s->values = arena_array(&r->conf->arena, s->count ? s->count : 1, sizeof *values);
	if (s->values)
		memcpy(s->values, values, s->count * sizeof *values);
	mem_free(values);
	return good && closed && s->values;
}

/* ---- statements ---- */

static bool take_include(struct reader *r)
{
	struct conf_value path;
	unsigned begun = r->line;
	r->at++;
	skip_blanks(r);
	if (!take_value(r, "include", &path))
		return false;
	skip_blanks(r);
	if (peek(r, 0) != ')') {
		complain(r, begun, "include", "there is no closing parenthesis", "include(\"FILE\")");
		return false;
	}
	r->at++;
	char name[1024], folder[1024];
	snprintf(folder, sizeof folder, "%s", r->conf->files[r->file].path);
	if (path.text.len > 0 && path.text.data[0] == '/')
		snprintf(name, sizeof name, "%.*s", VIEW_FMT(path.text));
	else
		snprintf(name, sizeof name, "%s/%.*s", dirname(folder), VIEW_FMT(path.text));
	(void)read_file(r->conf, name, r->depth + 1, r, r->found);
	return true;
}

static bool take_setting(struct reader *r, struct conf_statement *s)
{
	char name[NAME_MAX + 1];
	snprintf(name, sizeof name, "%.*s", VIEW_FMT(s->name));
	r->at++;
	skip_blanks(r);
	if (peek(r, 0) == '{') {
		s->list = true;
		if (!take_list(r, name, s))
			return false;
	} else {
		s->values = arena_array(&r->conf->arena, 1, sizeof *s->values);
		if (s->values == NULL || at_statement(r) || !take_value(r, name, s->values)) {
			if (at_statement(r))
				complain(r, s->line, name, "there is no value", "NAME = VALUE");
			return false;
		}
		s->count = 1;
	}
	s->end = r->at;
	if (r->conf->last)
		r->conf->last->next = s;
	else
		r->conf->first = s;
	r->conf->last = s;
	return true;
}

/* False: the rest of the line means nothing. */
static bool take_statement(struct reader *r)
{
	struct conf_statement *s = arena_alloc(&r->conf->arena, sizeof *s);
	if (s == NULL) {
		complain(r, r->line, NULL, "the settings are too large", "a few hundred kilobytes at most");
		r->at = r->text.len;
		return true;
	}
	*s = (struct conf_statement){.file = r->file, .line = r->line, .begin = r->at};
	s->name = take_name(r);
	skip_blanks(r);
	if (s->name.len > 0 && peek(r, 0) == '=')
		return take_setting(r, s);
	if (view_equal(s->name, VIEW("include")) && peek(r, 0) == '(')
		return take_include(r);
	char shown[NAME_MAX + 1];
	snprintf(shown, sizeof shown, "%.*s", VIEW_FMT(s->name));
	complain(r, s->line, s->name.len ? shown : NULL,
	    s->name.len ? "there is no = behind the name" : "this is no setting", "NAME = VALUE");
	return false;
}

static void read_statements(struct reader *r)
{
	for (skip_blanks(r); !at_end(r); skip_blanks(r)) {
		unsigned line = r->line;
		if (take_statement(r))
			continue;
		/* A mistake in a statement's first line leaves the next statement, if one begins there, to be
		 * read. */
		if (r->line == line || !at_statement(r))
			find_statement(r);
	}
}

/* ---- files ---- */

static int load(const char *path, struct buf *text, struct stat *seen)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error = 0;
	if (fd < 0)
		return -errno;
	if (fstat(fd, seen) != 0)
		error = -errno;
	else if (S_ISDIR(seen->st_mode))
		error = -EISDIR;
	while (error == 0) {
		char *room = buf_reserve(text, 16384);
		ssize_t n = room ? read(fd, room, 16384) : -1;
		if (n < 0)
			error = room ? -errno : -EFBIG;
		if (n <= 0)
			break;
		buf_commit(text, (size_t)n);
	}
	close(fd);
	return error;
}

static int read_text(struct conf *c, unsigned file, unsigned depth, struct findings *found)
{
	struct reader r = {.conf = c,
	    .found = found,
	    .text = buf_view(&c->files[file].text),
	    .line = 1,
	    .file = file,
	    .depth = depth};
	read_statements(&r);
	return 0;
}

static struct conf_file *add_file(struct conf *c, const char *path)
{
	struct conf_file *file = &c->files[c->file_count++];
	file->path = mem_string(view_from_string(path));
	buf_init(&file->text, CONF_SIZE_MAX + 16384);
	return file;
}

/* Tells of a file that cannot be read where it is included. */
static void complain_of_file(struct reader *from, const char *path, const char *why, struct findings *found)
{
	char problem[1400];
	snprintf(problem, sizeof problem, "cannot read %s: %s", path, why);
	if (from)
		complain(from, from->line, "include", problem, NULL);
	else
		findings_add(
		    found, &(struct finding){.level = FINDING_ERROR,
		               .file = path,
		               .problem = why,
		               .expected = "a file with settings: `postrider config example` prints one, and "
		                           "--config names another"});
}

static int read_file(
    struct conf *c, const char *path, unsigned depth, struct reader *from, struct findings *found)
{
	if (c->file_count == CONF_FILES_MAX || depth > CONF_DEPTH_MAX) {
		complain_of_file(from, path, "too many files are included", found);
		return -ELOOP;
	}
	for (unsigned i = 0; i < c->file_count; i++)
		if (strcmp(c->files[i].path, path) == 0) {
			complain_of_file(from, path, "it has been read already; include it once", found);
			return -ELOOP;
		}
	unsigned number = c->file_count;
	struct conf_file *file = add_file(c, path);
	int error = 0;
	if (c->instead && strcmp(c->instead->path, path) == 0)
		buf_append(&file->text, c->instead->text);
	else
		error = load(path, &file->text, &file->seen);
	if (error) {
		complain_of_file(from, path, strerror(-error), found);
		return error;
	}
	return read_text(c, number, depth, found);
}

void conf_init(struct conf *c)
{
	*c = (struct conf){.file_count = 0};
	arena_init(&c->arena, CONF_MEMORY_MAX);
}

void conf_done(struct conf *c)
{
	for (unsigned i = 0; i < c->file_count; i++) {
		mem_free(c->files[i].path);
		buf_done(&c->files[i].text);
	}
	arena_done(&c->arena);
	*c = (struct conf){.file_count = 0};
}

int conf_read(struct conf *c, const char *path, struct findings *found)
{
	return read_file(c, path, 0, NULL, found);
}

int conf_read_text(struct conf *c, const char *path, struct view text, struct findings *found)
{
	unsigned number = c->file_count;
	struct conf_file *file = add_file(c, path);
	buf_append(&file->text, text);
	return read_text(c, number, 0, found);
}

void conf_put_text(struct buf *out, struct view value)
{
	buf_append_byte(out, '"');
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] == '"' || value.data[i] == '\\')
			buf_append_byte(out, '\\');
		buf_append_byte(out, value.data[i]);
	}
	buf_append_byte(out, '"');
}
