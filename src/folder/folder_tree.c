/* Looks a tree through for mailboxes, and finds out how each is kept. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "folder/folder_private.h"

enum { TREE_MAX = FOLDER_MAILBOXES_MAX * 2 * FOLDER_PATH_MAX };

struct look {
	struct folder_tree *tree;
	enum folder_format format; /* the only one looked for, or FOLDER_UNKNOWN */
	struct view root_name;
	folder_problem problem;
	void *arg;
	struct buf path, location; /* of the folder that is looked through */
	unsigned depth;
};

static void tell(struct look *k, int error, const char *name)
{
	struct buf where;
	buf_init(&where, FOLDER_PATH_MAX + 300);
	buf_append(&where, buf_view(&k->location));
	if (name) {
		if (where.len)
			buf_append_byte(&where, '/');
		buf_append_string(&where, name);
	}
	k->problem(k->arg, buf_view(&where),
	    error == -ELOOP       ? "it is a symbolic link, and these are not followed"
	    : error == -EOVERFLOW ? "there are too many levels of folders"
	                          : strerror(-error));
	buf_done(&where);
}

/* ---- what is found ---- */

static int add(struct look *k, struct view path, enum folder_format format)
{
	struct folder_tree *tree = k->tree;
	if (tree->count == FOLDER_MAILBOXES_MAX)
		return -E2BIG;
	if (tree->count == tree->room) {
		tree->room = tree->room ? 2 * tree->room : 64;
		tree->mailboxes = mem_resize(tree->mailboxes, tree->room * sizeof *tree->mailboxes);
	}
	struct folder_mailbox *m = &tree->mailboxes[tree->count];
	*m = (struct folder_mailbox){.format = format};
	bool inbox = view_equal_nocase(path, VIEW("INBOX"));
	if (!arena_copy(&tree->arena, inbox ? VIEW("INBOX") : path, &m->path) ||
	    !arena_copy(&tree->arena, buf_view(&k->location), &m->location))
		return -ENOMEM;
	tree->count++;
	return 0;
}

static bool wanted(const struct look *k, enum folder_format format)
{
	return k->format == FOLDER_UNKNOWN || k->format == format ||
	       (format == FOLDER_MBOX && k->format == FOLDER_MBOXO);
}

/* The name that the folder, or file, that stands at the path now has as a mailbox. */
static struct view path_here(const struct look *k, struct view root)
{
	return k->path.len ? buf_view(&k->path) : root;
}

static bool is_file(int folder, const char *name, mode_t type)
{
	struct stat st;
	return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_mode & S_IFMT) == type;
}

/* ---- one step down ---- */

struct step {
	size_t path, location;
};

/* Adds a level to the path (none if the name is empty), and to the location. False: it is too long. */
static bool go_down(struct look *k, const char *file, struct view name, struct step *step)
{
	*step = (struct step){k->path.len, k->location.len};
	if (name.len && k->path.len)
		buf_append_byte(&k->path, '/');
	if (name.len)
		folder_level_from_file(&k->path, name);
	if (k->location.len)
		buf_append_byte(&k->location, '/');
	buf_append_string(&k->location, file);
	return !buf_failed(&k->path) && !buf_failed(&k->location);
}

static void go_up(struct look *k, struct step step)
{
	k->path.failed = k->location.failed = false;
	buf_truncate(&k->path, step.path);
	buf_truncate(&k->location, step.location);
}

/* "Work.mbox" is called Work; what Thunderbird ("Work.sbd") and Apple Mail ("Work.mbox/mbox") keep below it,
 * too. */
static struct view without_suffix(struct view name)
{
	static const char *const suffixes[] = {".mbox", ".mbx", ".sbd"};
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		struct view suffix = view_from_string(suffixes[i]);
		if (name.len > suffix.len && view_ends_nocase(name, suffix))
			return view_take(name, name.len - suffix.len);
	}
	return name;
}

/* ---- folders ---- */

static int look_into(struct look *k, int folder);

static int look_at_file(struct look *k, int folder, struct view name)
{
	struct step step;
	int fd = folder_open_file(folder, name.data, NULL, NULL), error = 0;
	if (fd < 0) {
		tell(k, fd, name.data);
		return 0;
	}
	bool inside = view_equal(name, VIEW("mbox")) && k->path.len;
	if (mbox_is_begun(fd)) {
		if (go_down(k, name.data, inside ? (struct view){0} : without_suffix(name), &step))
			error = add(k, path_here(k, k->root_name), FOLDER_MBOX);
		else
			tell(k, -ENAMETOOLONG, name.data);
		go_up(k, step);
	}
	close(fd);
	return error;
}

static int look_at_folder(struct look *k, int folder, struct view name, bool maildir)
{
	struct step step;
	int fd = folder_open_folder(folder, name.data), error = 0;
	if (fd < 0) {
		tell(k, fd, name.data);
		return 0;
	}
	bool fits = go_down(k, name.data, maildir ? (struct view){0} : without_suffix(name), &step);
	/* ".Work.2024" has its whole path in its name. */
	if (maildir && k->path.len)
		buf_append_byte(&k->path, '/');
	if (maildir)
		fits = fits && maildir_name_decode(&k->path, name) == 0 && !buf_failed(&k->path);
	if (!fits)
		tell(k, -ENAMETOOLONG, NULL);
	else if (k->depth == FOLDER_DEPTH_MAX)
		tell(k, -EOVERFLOW, NULL);
	else
		error = look_into(k, fd);
	close(fd);
	go_up(k, step);
	return error;
}

static int look_at(struct look *k, int folder, struct view name, bool maildir, bool *eml)
{
	bool hidden = name.data[0] == '.';
	if (is_file(folder, name.data, S_IFLNK)) {
		tell(k, -ELOOP, name.data);
		return 0;
	}
	if (is_file(folder, name.data, S_IFDIR)) {
		bool own = maildir && (view_equal(name, VIEW("cur")) || view_equal(name, VIEW("new")) ||
		                          view_equal(name, VIEW("tmp")));
		/* In a Maildir a dot begins the name of a mailbox, elsewhere what nobody should see. */
		if (own || hidden != (hidden && maildir && name.len > 1))
			return 0;
		return look_at_folder(k, folder, name, maildir && hidden);
	}
	if (!is_file(folder, name.data, S_IFREG) || hidden)
		return 0;
	if (view_ends_nocase(name, VIEW(".eml")))
		*eml = true;
	else if (!maildir && wanted(k, FOLDER_MBOX) && !view_ends_nocase(name, VIEW(".msf")))
		return look_at_file(k, folder, name);
	return 0;
}

static int look_into(struct look *k, int folder)
{
	struct folder_names names;
	bool maildir = wanted(k, FOLDER_MAILDIR) && is_file(folder, "cur", S_IFDIR), eml = false;
	int error = folder_names_read(folder, true, &names);
	if (error) {
		tell(k, error, NULL);
		return 0;
	}
	if (maildir)
		error = add(k, path_here(k, VIEW("INBOX")), FOLDER_MAILDIR);
	k->depth++;
	for (size_t i = 0; error == 0 && i < names.count; i++)
		error = look_at(k, folder, names.items[i], maildir, &eml);
	k->depth--;
	folder_names_done(&names);
	if (error == 0 && eml && !maildir && wanted(k, FOLDER_EML))
		error = add(k, path_here(k, k->root_name), FOLDER_EML);
	return error;
}

/* ---- the whole ---- */

static int compare_mailboxes(const void *a, const void *b)
{
	const struct folder_mailbox *x = a, *y = b;
	int by_path = view_compare(x->path, y->path);
	return by_path ? by_path : view_compare(x->location, y->location);
}

static void subscribe(void *arg, struct view path)
{
	struct folder_tree *tree = arg;
	for (size_t i = 0; i < tree->count; i++)
		if (view_equal(tree->mailboxes[i].path, path))
			tree->mailboxes[i].subscribed = true;
}

static int look_through(struct look *k)
{
	struct folder_tree *tree = k->tree;
	struct stat st;
	int error;
	if (fstat(tree->root, &st) != 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		error = look_into(k, tree->root);
	else if (!S_ISREG(st.st_mode))
		error = -EINVAL;
	else
		error = wanted(k, FOLDER_MBOX) && mbox_is_begun(tree->root)
		            ? add(k, without_suffix(k->root_name), FOLDER_MBOX)
		            : 0;
	if (error == 0 && tree->count == 0)
		error = -ENODATA;
	if (error)
		return error;
	qsort(tree->mailboxes, tree->count, sizeof *tree->mailboxes, compare_mailboxes);
	tree->knows_subscriptions =
	    S_ISDIR(st.st_mode) && maildir_read_subscriptions(tree->root, subscribe, tree) == 0;
	for (size_t i = 0; i < tree->count && k->format == FOLDER_MBOXO; i++)
		tree->mailboxes[i].format = FOLDER_MBOXO;
	return 0;
}

int folder_tree_read(const char *path, struct view name, enum folder_format format, struct folder_tree *tree,
    folder_problem problem, void *arg)
{
	struct look look = {
	    .tree = tree, .format = format, .root_name = name, .problem = problem, .arg = arg};
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*tree = (struct folder_tree){.root = fd};
	arena_init(&tree->arena, TREE_MAX);
	buf_init(&look.path, FOLDER_PATH_MAX);
	buf_init(&look.location, FOLDER_PATH_MAX);
	int error = look_through(&look);
	buf_done(&look.path);
	buf_done(&look.location);
	if (error)
		folder_tree_done(tree);
	return error;
}

void folder_tree_done(struct folder_tree *tree)
{
	close(tree->root);
	mem_free(tree->mailboxes);
	arena_done(&tree->arena);
}

/* ---- readers ---- */

int folder_reader_open(
    const struct folder_tree *tree, const struct folder_mailbox *mailbox, struct folder_reader **out)
{
	bool is_folder = mailbox->format == FOLDER_MAILDIR || mailbox->format == FOLDER_EML;
	int fd = folder_open_below(tree->root, mailbox->location, is_folder);
	if (fd < 0)
		return fd;
	if (mailbox->format == FOLDER_MAILDIR)
		return maildir_reader_open(fd, out);
	if (mailbox->format == FOLDER_EML)
		return eml_reader_open(fd, out);
	return mbox_reader_open(fd, mailbox->format == FOLDER_MBOXO, out);
}

int folder_reader_next(struct folder_reader *reader, struct folder_message *message, struct buf *body)
{
	buf_clear(body);
	return reader->next(reader, message, body);
}

void folder_reader_progress(const struct folder_reader *reader, uint64_t *done, uint64_t *total)
{
	reader->progress(reader, done, total);
}

void folder_reader_close(struct folder_reader *reader)
{
	if (reader)
		reader->close(reader);
}
