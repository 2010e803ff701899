/* A folder of its own for each test, files put into it in a line, and what a tree of mailboxes reads as. */
#ifndef TEST_FOLDER_WORLD_H
#define TEST_FOLDER_WORLD_H

#include "../unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder/folder.h"

struct world {
	char root[64];
	struct buf problems; /* "where: why\n" */
};

static inline int world_make(void **state)
{
	struct world *w = test_calloc(1, sizeof *w);
	snprintf(w->root, sizeof w->root, "/tmp/folder-XXXXXX");
	assert_non_null(mkdtemp(w->root));
	buf_init(&w->problems, 100000);
	*state = w;
	return 0;
}

static inline int world_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int world_end(void **state)
{
	struct world *w = *state;
	nftw(w->root, world_remove, 20, FTW_DEPTH | FTW_PHYS);
	buf_done(&w->problems);
	test_free(w);
	return 0;
}

/* Makes the folders above it, too. */
static inline void world_folder(struct world *w, const char *name)
{
	char path[8192];
	snprintf(path, sizeof path, "%s/%s/", w->root, name);
	for (char *slash = path + strlen(w->root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
}

static inline void world_put(struct world *w, const char *name, struct view content, int64_t date)
{
	char path[8192], above[4096];
	const char *slash = strrchr(name, '/');
	struct timespec times[2] = {{.tv_sec = date}, {.tv_sec = date}};
	if (slash) {
		snprintf(above, sizeof above, "%.*s", (int)(slash - name), name);
		world_folder(w, above);
	}
	snprintf(path, sizeof path, "%s/%s", w->root, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content.data, content.len), content.len);
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

static inline void world_file(struct world *w, const char *name, const char *content)
{
	world_put(w, name, view_from_string(content), 1000000000);
}

static inline void world_problem(void *arg, struct view where, const char *why)
{
	struct world *w = arg;
	buf_printf(&w->problems, "%.*s: %s\n", VIEW_FMT(where), why);
}

static inline void show_message(const struct folder_message *m, struct view body, struct buf *out)
{
	static const char *const names[] = {"seen", "answered", "flagged", "deleted", "draft"};
	buf_printf(out, "  %.*s", VIEW_FMT(m->name));
	if (m->date)
		buf_printf(out, " at %lld", (long long)m->date);
	if (m->uid)
		buf_printf(out, " uid %u", (unsigned)m->uid);
	if (m->uidl.len)
		buf_printf(out, " uidl %.*s", VIEW_FMT(m->uidl));
	for (unsigned i = 0; i < 5; i++)
		if (m->flags & 1u << i)
			buf_printf(out, " %s", names[i]);
	if (m->keywords.len)
		buf_printf(out, " [%.*s]", VIEW_FMT(m->keywords));
	buf_append_string(out, ": ");
	for (size_t i = 0; i < body.len; i++)
		if (body.data[i] == '\r' || body.data[i] == '\n')
			buf_append_string(out, body.data[i] == '\r' ? "\\r" : "\\n");
		else
			buf_append_byte(out, body.data[i]);
	buf_append_byte(out, '\n');
}

static inline void show_mailbox(
    const struct folder_tree *tree, const struct folder_mailbox *m, struct buf *out)
{
	struct folder_reader *reader;
	struct folder_message message;
	struct buf body;
	int result = folder_reader_open(tree, m, &reader);
	if (result) {
		buf_printf(out, "  not opened: %s\n", strerror(-result));
		return;
	}
	buf_init(&body, FOLDER_MESSAGE_MAX * (size_t)2);
	while ((result = folder_reader_next(reader, &message, &body)) != 0)
		if (result < 0)
			buf_printf(
			    out, "  %.*s is not read: %s\n", VIEW_FMT(message.name), strerror(-result));
		else
			show_message(&message, buf_view(&body), out);
	buf_done(&body);
	folder_reader_close(reader);
}

/* Mailboxes and their messages, as text. */
static inline void world_show(struct world *w, const char *name, enum folder_format format, struct buf *out)
{
	struct folder_tree tree;
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", w->root, name);
	buf_clear(&w->problems);
	int error = folder_tree_read(path, VIEW("root"), format, &tree, world_problem, w);
	if (error) {
		buf_printf(out, "nothing: %s\n", strerror(-error));
		return;
	}
	for (size_t i = 0; i < tree.count; i++) {
		buf_printf(out, "%.*s%s\n", VIEW_FMT(tree.mailboxes[i].path),
		    !tree.knows_subscriptions      ? ""
		    : tree.mailboxes[i].subscribed ? " +"
		                                   : " -");
		show_mailbox(&tree, &tree.mailboxes[i], out);
	}
	folder_tree_done(&tree);
}

static inline void world_reads(
    struct world *w, const char *name, enum folder_format format, const char *wanted)
{
	struct buf out;
	buf_init(&out, 10000000);
	world_show(w, name, format, &out);
	assert_string_equal(buf_string(&out), wanted);
	buf_done(&out);
}

#endif
