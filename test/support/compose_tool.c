/*
 * A message of src/mime/compose.h, for compose_differential.py:
 *	compose_tool FROM TO SUBJECT TEXT-FILE HTML-FILE [NAME FILE]...
 * An empty HTML-FILE: there is none. Status 1, and the reason: it is refused.
 */
#include <errno.h>
#include <stdio.h>

#include "mime/compose.h"

enum { FILES_MAX = 20, CONTENT_MAX = 1 << 24 };

static struct buf contents[FILES_MAX];

static struct view read_file(const char *name, unsigned slot)
{
	struct buf *content = &contents[slot];
	FILE *file = name[0] ? fopen(name, "rb") : NULL;
	char *room;
	size_t n = file != NULL;
	buf_init(content, CONTENT_MAX);
	while (n > 0 && (room = buf_reserve(content, 1 << 16)) != NULL) {
		n = fread(room, 1, 1 << 16, file);
		buf_commit(content, n);
	}
	if (file)
		fclose(file);
	return buf_view(content);
}

int main(int argc, char **argv)
{
	struct compose_file files[FILES_MAX];
	struct buf out, problem;
	bool utf8;
	if (argc < 6 || argc % 2 != 0 || argc > 2 * FILES_MAX)
		return 64;
	struct compose c = {.from = view_from_string(argv[1]),
	    .to = view_from_string(argv[2]),
	    .subject = view_from_string(argv[3]),
	    .text = read_file(argv[4], 0),
	    .html = read_file(argv[5], 1),
	    .date = {.seconds = 1700000000},
	    .message_id = VIEW("id@example.org"),
	    .boundary = VIEW("0123456789abcdef")};
	for (int i = 6; i < argc; i += 2) {
		files[c.file_count] = (struct compose_file){.name = view_from_string(argv[i]),
		    .content = read_file(argv[i + 1], 2 + (unsigned)c.file_count)};
		c.file_count++;
	}
	c.files = files;
	buf_init(&out, 4 * CONTENT_MAX);
	buf_init(&problem, 4096);
	int error = compose_write(&c, &out, &utf8, &problem);
	if (error)
		fprintf(stderr, "%s (%d)\n", buf_string(&problem), error);
	else
		fwrite(buf_view(&out).data, 1, buf_view(&out).len, stdout);
	for (unsigned i = 0; i < FILES_MAX; i++)
		buf_done(&contents[i]);
	buf_done(&out);
	buf_done(&problem);
	return error ? 1 : 0;
}
