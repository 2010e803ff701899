/*
 * The message functions of src/format on files, many in one process: for mime_differential.py, which compares
 * thousands.
 *	message_tool show|structure FILE...          one JSON object a line
 *	message_tool feed BYTES FILE...              parse in pieces of that size, print MB/s
 *	message_tool downgrade FILE                  as a 7-bit host would get it; status 1: it cannot have it
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mime/downgrade.h"
#include "cli/message_tool.h"

static int read_file(const char *name, struct buf *content)
{
	FILE *file = fopen(name, "rb");
	if (file == NULL)
		return -errno;
	char *room;
	size_t n = 1;
	while (n > 0 && (room = buf_reserve(content, 1 << 16)) != NULL) {
		n = fread(room, 1, 1 << 16, file);
		buf_commit(content, n);
	}
	fclose(file);
	return buf_failed(content) ? -EFBIG : 0;
}

static void feed(struct view message, size_t piece)
{
	enum { ROUNDS = 20 };
	int64_t start = clock_monotonic_us();
	for (int round = 0; round < ROUNDS; round++) {
		struct mime_parser *p = mime_parser_new();
		for (size_t at = 0; at < message.len; at += piece)
			mime_parser_feed(p, view_take(view_skip(message, at), piece));
		mime_parser_end(p);
		mime_parser_free(p);
	}
	int64_t us = clock_monotonic_us() - start;
	printf("%.0f MB/s\n", (double)message.len * ROUNDS / (double)(us ? us : 1));
}

static int downgrade(struct view message, struct buf *out)
{
	bool needed;
	enum downgrade_obstacle obstacle = DOWNGRADE_NOTHING;
	struct mime_parser *parser = mime_parser_new();
	struct downgrade *d = downgrade_new(mime_parse(parser, message));
	downgrade_survey(d, message);
	int error = downgrade_decide(d, &needed, &obstacle);
	if (error == 0)
		error = downgrade_convert(d, message, out);
	if (error == 0)
		error = downgrade_end(d, out);
	else
		fprintf(stderr, "%s\n", downgrade_obstacle_text(obstacle));
	downgrade_free(d);
	mime_parser_free(parser);
	return error;
}

static int downgrade_file(const char *name)
{
	struct buf content, out;
	buf_init(&content, (size_t)1 << 32);
	buf_init(&out, (size_t)1 << 32);
	int error = read_file(name, &content);
	if (error == 0)
		error = downgrade(buf_view(&content), &out);
	if (error == 0)
		fwrite(buf_view(&out).data, 1, buf_view(&out).len, stdout);
	buf_done(&content);
	buf_done(&out);
	return error != 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "downgrade") == 0)
		return downgrade_file(argv[2]);
	bool timing = argc > 2 && strcmp(argv[1], "feed") == 0;
	bool show = argc > 1 && strcmp(argv[1], "show") == 0;
	for (int i = timing ? 3 : 2; i < argc; i++) {
		struct buf content, out;
		buf_init(&content, (size_t)1 << 32);
		buf_init(&out, (size_t)1 << 32);
		int error = read_file(argv[i], &content);
		if (error == 0 && timing)
			feed(buf_view(&content), (size_t)strtoul(argv[2], NULL, 10));
		else if (error == 0 && show)
			error = message_tool_show(buf_view(&content), &out, true);
		else if (error == 0)
			error = message_tool_structure(buf_view(&content), &out, true);
		if (error)
			printf("{\"error\":%d}\n", error);
		fwrite(buf_view(&out).data, 1, buf_view(&out).len, stdout);
		buf_done(&content);
		buf_done(&out);
	}
	return 0;
}
