/* Writing: what the formats share, and files for mailboxes in folders for the levels above them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "folder/folder_private.h"

enum { SUBSCRIPTIONS_MAX = FOLDER_MAILBOXES_MAX * FOLDER_PATH_MAX };

int folder_writer_open(const char *path, enum folder_format format, struct folder_writer **out)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return -errno;
	int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	struct folder_writer *w = mem_alloc(sizeof *w);
	w->format = format == FOLDER_MAILDIR ? &maildir_writer
	            : format == FOLDER_EML   ? &eml_writer
	                                     : &mbox_writer;
	w->root = root;
	w->folder = w->file = -1;
	buf_init(&w->subscriptions, SUBSCRIPTIONS_MAX);
	buf_init(&w->notes, FOLDER_NOTES_MAX);
	buf_init(&w->text, FOLDER_MESSAGE_MAX + FOLDER_MESSAGE_MAX / 4);
	buf_init(&w->name, NAME_MAX);
	arena_init(&w->arena, FOLDER_NOTES_MAX);
	*out = w;
	return 0;
}

static void end_mailbox(struct folder_writer *w)
{
	if (w->folder >= 0)
		close(w->folder);
	if (w->file >= 0)
		close(w->file);
	w->folder = w->file = -1;
	w->open = false;
	buf_done(&w->notes);
	buf_clear(&w->name);
	arena_done(&w->arena);
}

int folder_writer_begin(
    struct folder_writer *w, struct view path, bool subscribed, uint32_t uidvalidity, uint32_t uidnext)
{
	if (w->open) {
		w->format->abandon(w);
		end_mailbox(w);
	}
	w->keyword_count = 0;
	w->messages = 0;
	int error = w->format->begin(w, path, uidvalidity, uidnext);
	if (error) {
		w->format->abandon(w);
		end_mailbox(w);
		return error;
	}
	w->open = true;
	if (subscribed) {
		buf_append(&w->subscriptions, path);
		buf_append_byte(&w->subscriptions, '\n');
	}
	return 0;
}

bool folder_writer_has(struct folder_writer *w, const struct folder_message *message, uint64_t size)
{
	return w->format->has(w, message, size);
}

int folder_writer_put(struct folder_writer *w, const struct folder_message *message, struct view body)
{
	buf_clear(&w->text);
	int error = w->format->put(w, message, body);
	/* Large messages are few: their memory isn't kept. */
	if (w->text.cap > 1024 * 1024)
		buf_done(&w->text);
	w->messages += error == 0;
	return error;
}

int folder_writer_end(struct folder_writer *w)
{
	int error = w->format->end(w);
	/* One sync for all files of the mailbox. */
	if (error == 0 && w->folder >= 0 && syncfs(w->folder) != 0)
		error = -errno;
	end_mailbox(w);
	return error;
}

uint64_t folder_writer_lost_keywords(const struct folder_writer *w)
{
	return w->lost_keywords;
}

int folder_writer_close(struct folder_writer *w)
{
	int error = 0;
	if (w->open)
		w->format->abandon(w);
	end_mailbox(w);
	if (w->format->subscriptions)
		error = w->format->subscriptions(w);
	close(w->root);
	buf_done(&w->subscriptions);
	buf_done(&w->text);
	buf_done(&w->name);
	mem_free(w);
	return error;
}
