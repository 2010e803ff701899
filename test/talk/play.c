/* The transcript player. A failure shows the file, the line, what was expected and what came. */
#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { FILE_MAX = 1 << 22 };

enum { CLIENTS_MAX = 8, CLIENT_NAME_MAX = 16 };

/* A client, and its session. */
struct client {
	char name[CLIENT_NAME_MAX];
	void *session;
	struct buf out;     /* what the machine said and was not compared */
	struct buf pending; /* what it was told and has not taken */
};

struct play {
	const char *file;
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

static void say(struct play *p, struct view line)
{
	bool open_end =
	    line.len && line.data[line.len - 1] == '\\' && (line.len < 2 || line.data[line.len - 2] != '\\');
	unescape(open_end ? view_take(line, line.len - 1) : line, &p->client->pending);
	if (!open_end)
		buf_append(&p->client->pending, VIEW("\r\n"));
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
	if (expected.len >= 3 && view_equal(view_skip(expected, expected.len - 3), VIEW("...")))
		return view_starts(got, view_take(expected, expected.len - 3));
	return view_equal(got, expected);
}

static bool expect(struct play *p, int number, struct view line)
{
	struct buf expected;
	buf_init(&expected, 65536);
	unescape(line, &expected);
	struct view said = buf_view(&p->client->out);
	ptrdiff_t end = view_find(said, '\n');
	struct view got = end < 0 ? said : view_take(said, (size_t)end);
	if (got.len && got.data[got.len - 1] == '\r')
		got.len--;
	bool good = end >= 0 && matches(got, buf_view(&expected));
	if (!good)
		printf("%s:%d: pieces %d: expected '%.*s', got '%.*s'\n", p->file, number, p->pieces,
		    VIEW_FMT(line), VIEW_FMT(got));
	buf_done(&expected);
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
