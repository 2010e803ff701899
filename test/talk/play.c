/* The transcript player. A failure shows the file, the line, what was expected and what came. */
#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { FILE_MAX = 1 << 22 };

enum { CLIENTS_MAX = 8, CLIENT_NAME_MAX = 16, WORDS_MAX = 8 };

/* A client, and its session. */
struct client {
	char name[CLIENT_NAME_MAX];
	void *session;
	struct buf out;     /* what the machine said and was not compared */
	struct buf pending; /* what it was told and has not taken */
};

/* What the other side said where ${name} stood. */
struct word {
	char name[CLIENT_NAME_MAX];
	struct buf value;
};

struct play {
	const char *file;
	struct word words[WORDS_MAX];
	size_t word_count;
	const struct stage *stage;
	struct client clients[CLIENTS_MAX];
	size_t client_count;
	struct client *client; /* whose turn it is */
	int pieces;            /* 0: whole, 1: byte by byte, n: up to n */
	unsigned seed;
	unsigned times; /* that the next line stands for */
};

static void unescape(struct view line, struct buf *out)
{
	for (size_t i = 0; i < line.len; i++) {
		if (line.data[i] != '\\' || i + 1 == line.len) {
			buf_append_byte(out, line.data[i]);
			continue;
		}
		char c = line.data[++i];
		if (c == 'x' && i + 2 < line.len) {
			char hex[3] = {line.data[i + 1], line.data[i + 2], 0};
			buf_append_byte(out, (char)strtol(hex, NULL, 16));
			i += 2;
		} else {
			buf_append_byte(out, c == 'r' ? '\r' : c == 'n' ? '\n' : c == '0' ? '\0' : c);
		}
	}
}

/* The next ${name} in the line: what stands before it, its name, and the rest. False: there is none. */
static bool next_word(struct view line, struct view *before, struct view *name, struct view *rest)
{
	const char *at = line.len ? memmem(line.data, line.len, "${", 2) : NULL;
	if (at == NULL)
		return false;
	*before = view_take(line, (size_t)(at - line.data));
	*rest = view_skip(line, before->len + 2);
	ptrdiff_t end = view_find(*rest, '}');
	if (end < 0)
		return false;
	*name = view_take(*rest, (size_t)end);
	*rest = view_skip(*rest, (size_t)end + 1);
	return true;
}

static struct word *word_of(struct play *p, struct view name)
{
	size_t i = 0;
	while (i < p->word_count && !view_equal(view_from_string(p->words[i].name), name))
		i++;
	if (i == WORDS_MAX || name.len >= CLIENT_NAME_MAX)
		return NULL;
	if (i == p->word_count) {
		p->word_count++;
		memcpy(p->words[i].name, name.data, name.len);
		buf_init(&p->words[i].value, FILE_MAX);
	}
	return &p->words[i];
}

/* The line with what the words stand for. */
static void put_words(struct play *p, struct view line, struct buf *out)
{
	struct view before, name, rest;
	for (; next_word(line, &before, &name, &rest); line = rest) {
		struct word *word = word_of(p, name);
		buf_append(out, before);
		if (word)
			buf_append(out, buf_view(&word->value));
	}
	buf_append(out, line);
}

static void say(struct play *p, struct view text)
{
	struct buf whole;
	buf_init(&whole, FILE_MAX);
	put_words(p, text, &whole);
	struct view line = buf_view(&whole);
	bool open_end =
	    line.len && line.data[line.len - 1] == '\\' && (line.len < 2 || line.data[line.len - 2] != '\\');
	unescape(open_end ? view_take(line, line.len - 1) : line, &p->client->pending);
	if (!open_end)
		buf_append(&p->client->pending, VIEW("\r\n"));
	buf_done(&whole);
}

/* Gives the machine what it was told, in pieces; it may leave some for later. */
static void give(struct play *p)
{
	struct client *c = p->client;
	struct buf given;
	buf_init(&given, FILE_MAX);
	for (int idle = 0; idle < 3;) {
		size_t n = p->pieces == 0 ? SIZE_MAX
		           : p->pieces == 1
		               ? 1
		               : 1 + (p->seed = p->seed * 1103515245 + 12345) / 65536 % (unsigned)p->pieces;
		struct view piece = view_take(buf_view(&c->pending), n);
		buf_append(&given, piece);
		buf_consume(&c->pending, piece.len);
		size_t consumed = c->session ? p->stage->feed(c->session, buf_view(&given)) : 0;
		buf_consume(&given, consumed);
		p->stage->settle(c->session);
		idle = piece.len == 0 && consumed == 0 ? idle + 1 : 0;
	}
	struct view left = buf_view(&given);
	struct buf again;
	buf_init(&again, FILE_MAX);
	buf_append(&again, left);
	buf_append(&again, buf_view(&c->pending));
	buf_done(&c->pending);
	buf_done(&given);
	c->pending = again;
}

static bool matches(struct view got, struct view expected)
{
	const char *dots = expected.len ? memmem(expected.data, expected.len, "...", 3) : NULL;
	if (dots == NULL)
		return view_equal(got, expected);
	size_t before = (size_t)(dots - expected.data);
	if (!view_starts(got, view_take(expected, before)))
		return false;
	struct view rest = view_skip(expected, before + 3);
	if (rest.len == 0)
		return true;
	for (size_t i = before; i <= got.len; i++)
		if (matches(view_skip(got, i), rest))
			return true;
	return false;
}

/* A ${name} that has no value yet takes what was said there, up to the character behind it; the line with all
 * values is what is expected. */
static void learn_words(struct play *p, struct view got, struct view line, struct buf *expected)
{
	struct view before, name, rest;
	for (; next_word(line, &before, &name, &rest); line = rest) {
		struct word *word = word_of(p, name);
		buf_append(expected, before);
		struct view here = view_skip(got, buf_view(expected).len);
		ptrdiff_t end = rest.len ? view_find(here, rest.data[0]) : -1;
		if (word && buf_view(&word->value).len == 0)
			buf_append(&word->value, end < 0 ? here : view_take(here, (size_t)end));
		if (word)
			buf_append(expected, buf_view(&word->value));
	}
	buf_append(expected, line);
}

static bool expect(struct play *p, int number, struct view line)
{
	struct buf expected, plain;
	buf_init(&expected, 65536);
	buf_init(&plain, 65536);
	unescape(line, &plain);
	struct view said = buf_view(&p->client->out);
	ptrdiff_t end = view_find(said, '\n');
	struct view got = end < 0 ? said : view_take(said, (size_t)end);
	if (got.len && got.data[got.len - 1] == '\r')
		got.len--;
	learn_words(p, got, buf_view(&plain), &expected);
	bool good = end >= 0 && matches(got, buf_view(&expected));
	if (!good)
		printf("%s:%d: pieces %d: expected '%.*s', got '%.*s'\n", p->file, number, p->pieces,
		    VIEW_FMT(line), VIEW_FMT(got));
	buf_done(&expected);
	buf_done(&plain);
	if (end >= 0)
		buf_consume(&p->client->out, (size_t)end + 1);
	return good;
}

static bool holds(const struct play *p, int number, struct view text, bool wanted)
{
	struct view all = p->stage->delivered();
	bool found = all.len > 0 && memmem(all.data, all.len, text.data, text.len) != NULL;
	if (found != wanted)
		printf("%s:%d: pieces %d: '%.*s' is %s what was delivered:\n%.*s\n", p->file, number,
		    p->pieces, VIEW_FMT(text), found ? "in" : "not in", VIEW_FMT(all));
	return found == wanted;
}

static bool play_line(struct play *p, int number, struct view line);

/* "N: 20": the next line stands there 20 times. */
static bool repeat(struct play *p, int number, struct view line)
{
	bool good = true;
	for (unsigned left = p->times; left > 0 && good; left--) {
		p->times = 0;
		good = play_line(p, number, line);
	}
	return good;
}

/* "@: bob": what follows is this client's. The first one has no name. */
static bool turn_to(struct play *p, struct view name)
{
	size_t i = 0;
	while (i < p->client_count && !view_equal(name, view_from_string(p->clients[i].name)))
		i++;
	if (i == CLIENTS_MAX || name.len >= CLIENT_NAME_MAX)
		return false;
	p->client = &p->clients[i];
	if (i == p->client_count) {
		p->client_count++;
		memcpy(p->client->name, name.data ? name.data : "", name.len);
		buf_init(&p->client->out, FILE_MAX);
		buf_init(&p->client->pending, FILE_MAX);
	}
	return true;
}

static bool play_line(struct play *p, int number, struct view line)
{
	if (p->times > 0)
		return repeat(p, number, line);
	if (line.len == 0 || line.data[0] == '#')
		return true;
	char letter = line.data[0];
	bool negated = line.len > 1 && line.data[1] == '!';
	struct view rest = view_skip(line, 2);
	struct view argument = rest.len && rest.data[0] == ' ' ? view_skip(rest, 1) : rest;
	if (letter == 'N') {
		uint64_t times = 0;
		p->times = view_to_u64(argument, 100000, &times) ? (unsigned)times : 0;
		return p->times > 0;
	}
	if (letter == 'K' || letter == 'O')
		return p->stage->direct(letter, argument);
	if (letter == '@') {
		if (p->client->session)
			give(p);
		return turn_to(p, argument);
	}
	if (p->client->session == NULL) {
		p->client->session = p->stage->open(&p->client->out);
		p->stage->settle(p->client->session);
	}
	if (letter == (p->stage->is_client ? 'S' : 'C')) {
		say(p, argument);
		return true;
	}
	give(p);
	if (letter == (p->stage->is_client ? 'C' : 'S'))
		return expect(p, number, argument);
	if (letter == 'D')
		return holds(p, number, argument, !negated);
	if (letter == 'X' && !p->stage->is_closed())
		printf("%s:%d: the connection is still open\n", p->file, number);
	if (letter == 'X')
		return p->stage->is_closed();
	return p->stage->direct(letter, argument);
}

/* Nothing may be left of what it said. */
static bool end_client(struct play *p, size_t i, bool good)
{
	struct client *c = p->client = &p->clients[i];
	if (good && c->session)
		give(p);
	if (good && buf_view(&c->out).len > 0) {
		printf("%s: pieces %d: more was said to '%s': '%.*s'\n", p->file, p->pieces, c->name,
		    VIEW_FMT(buf_view(&c->out)));
		good = false;
	}
	if (c->session)
		p->stage->close(c->session);
	buf_done(&c->out);
	buf_done(&c->pending);
	return good;
}

static bool play(const char *file, struct view text, const struct stage *stage, int pieces)
{
	struct play p = {.file = file, .stage = stage, .pieces = pieces, .seed = 1};
	struct view line;
	bool good = turn_to(&p, (struct view){0});
	stage->direct('0', (struct view){0});
	for (int number = 1; good && text.len && view_next(&text, '\n', &line); number++) {
		good = play_line(&p, number, line);
		if (!good)
			printf("%s:%d: failed\n", file, number);
	}
	for (size_t i = 0; i < p.client_count; i++)
		good = end_client(&p, i, good);
	for (size_t i = 0; i < p.word_count; i++)
		buf_done(&p.words[i].value);
	return good && (stage->finished == NULL || stage->finished());
}

int play_main(int argc, char **argv, const struct stage *stage)
{
	static const int ways[] = {0, 1, 7, 100};
	int passed = 0, failed = 0;
	char *text = mem_alloc(FILE_MAX);
	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		if (f == NULL) {
			perror(argv[i]);
			return 2;
		}
		size_t len = fread(text, 1, FILE_MAX, f);
		fclose(f);
		bool good = true;
		for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++)
			good = play(argv[i], view_of(text, len), stage, ways[w]) && good;
		good ? passed++ : failed++;
	}
	mem_free(text);
	printf("%d passed, %d failed\n", passed, failed);
	return failed || passed == 0;
}
