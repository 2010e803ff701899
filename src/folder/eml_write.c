/* A folder of .eml files for each mailbox, as they came, with a file of notes: see eml_read.c. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder/folder_private.h"

static int begin(struct folder_writer *w, struct view path, uint32_t uidvalidity, uint32_t uidnext)
{
	int parent = folder_make_parents(w->root, path, &w->name);
	(void)uidvalidity;
	(void)uidnext;
	if (parent < 0)
		return parent;
	int error = buf_failed(&w->name)                                                  ? -ENAMETOOLONG
	            : mkdirat(parent, buf_string(&w->name), 0700) != 0 && errno != EEXIST ? -errno
	                                                                                  : 0;
	w->folder = error ? -1 : folder_open_folder(parent, buf_string(&w->name));
	close(parent);
	return error ? error : w->folder < 0 ? w->folder : 0;
}

static void name_file(const struct folder_message *m, char name[NAME_MAX])
{
	snprintf(name, NAME_MAX, "%010u-%.*s.eml", (unsigned)m->uid, VIEW_FMT(m->name));
}

static void note(struct folder_writer *w, const struct folder_message *m, const char *name)
{
	bool any = false;
	buf_printf(&w->notes, "%s\t%lld\t%u\t", name, (long long)m->date, (unsigned)m->uid);
	buf_append(&w->notes, m->uidl.len ? m->uidl : VIEW("-"));
	buf_append_byte(&w->notes, '\t');
	for (size_t i = 0; i < sizeof folder_flags / sizeof folder_flags[0]; i++)
		if (m->flags & folder_flags[i].flag) {
			buf_printf(&w->notes, "%s%s", any ? " " : "", folder_flags[i].name);
			any = true;
		}
	if (m->keywords.len)
		buf_printf(&w->notes, "%s%.*s", any ? " " : "", VIEW_FMT(m->keywords));
	buf_append_string(&w->notes, any || m->keywords.len ? "\n" : "-\n");
}

static bool has(struct folder_writer *w, const struct folder_message *m, uint64_t size)
{
	char name[NAME_MAX];
	struct stat st;
	name_file(m, name);
	if (fstatat(w->folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size != size)
		return false;
	note(w, m, name);
	return true;
}

static int put(struct folder_writer *w, const struct folder_message *m, struct view body)
{
	char name[NAME_MAX];
	struct timespec times[2] = {{.tv_sec = m->date}, {.tv_sec = m->date}};
	name_file(m, name);
	int fd = openat(w->folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int error = folder_write_all(fd, body);
	if (error == 0 && futimens(fd, times) != 0)
		error = -errno;
	close(fd);
	if (error == 0)
		note(w, m, name);
	return error;
}

static int end(struct folder_writer *w)
{
	return buf_failed(&w->notes) ? -EFBIG
	                             : folder_replace(w->folder, eml_notes_name, buf_view(&w->notes));
}

static void abandon(struct folder_writer *w)
{
	(void)w;
}

const struct folder_format_writer eml_writer = {begin, has, put, end, abandon, NULL};
