/*
 * The message functions of src/format on files, many in one process: for mime_differential.py, which compares
 * thousands.
 *	message_tool show|structure FILE...          one JSON object a line
 *	message_tool feed BYTES FILE...              parse in pieces of that size, print MB/s
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "format/message_tool.h"
#include "format/mime.h"

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

int main(int argc, char **argv)
{
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
