/* The walk of index_ahead.h, by reads of the file: a page that is not in memory must not be touched. */
#include "store/index_ahead.h"

#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>

#include "base/mem.h"
#include "base/view.h"
#include "store/file.h"
#include "store/index_page.h"

enum {
	NODE = 8, /* number of the child 6, length of the key 2; then the key */
	ROOT_DEPTH = META_MAIN + TREE_DEPTH,
	ROOT = META_MAIN + TREE_ROOT
};

struct walk {
	int fd;
	uint32_t page_size;
	uint64_t root, last;
	unsigned depth; /* levels of the tree, the leaves' too */
	struct view from, to;
	uint64_t *pages;
	size_t count, room;
};

/* The newer of the two meta pages. */
static bool read_meta(struct walk *w)
{
	char meta[META_USED];
	uint64_t newest = 0;
	uint32_t size = 0;
	for (int i = 0; i < 2; i++) {
		if (file_read_at(w->fd, meta, sizeof meta, (uint64_t)i * size) != 0)
			return newest > 0;
		if (page_32(meta + META_MAGIC) != (uint32_t)META_MAGIC_NUMBER ||
		    page_32(meta + META_VERSION) != META_VERSION_NUMBER)
			continue;
		size = page_32(meta + META_PAGE_SIZE);
		if (size < INDEX_PAGE_LEAST || size > INDEX_PAGE_MAX)
			return false;
		if (page_64(meta + META_TXN) < newest)
			continue;
		newest = page_64(meta + META_TXN);
		w->page_size = size;
		w->depth = page_16(meta + ROOT_DEPTH);
		w->root = page_64(meta + ROOT);
		w->last = page_64(meta + META_LAST);
	}
	return newest > 0;
}

/* The key of a branch's node; false when it doesn't stand within the page. */
static bool read_node(const struct walk *w, const char *page, size_t i, uint64_t *child, struct view *key)
{
	size_t at = page_16(page + PAGE_HEADER + 2 * i);
	if (at < PAGE_HEADER || at + NODE > w->page_size)
		return false;
	const char *node = page + at;
	size_t len = page_16(node + 6);
	if (at + NODE + len > w->page_size)
		return false;
	*child = page_16(node) | (uint64_t)page_16(node + 2) << 16 | (uint64_t)page_16(node + 4) << 32;
	*key = view_of(node + NODE, len);
	return *child <= w->last;
}

static void take(struct walk *w, uint64_t number, unsigned level);

/* A child holds the keys from its own up to the next one's; the first one's own counts as the least. */
static void take_children(struct walk *w, const char *page, size_t count, unsigned level)
{
	uint64_t child, next_child;
	struct view key, next;
	for (size_t i = 0; i < count && w->count < w->room; i++) {
		if (!read_node(w, page, i, &child, &key) || (i > 0 && view_compare(key, w->to) >= 0))
			return;
		if (i + 1 < count && read_node(w, page, i + 1, &next_child, &next) &&
		    view_compare(next, w->from) <= 0)
			continue;
		take(w, child, level);
	}
}

/* Leaves are not read: all of them stand on the last level. */
static void take(struct walk *w, uint64_t number, unsigned level)
{
	if (level + 1 >= w->depth) {
		w->pages[w->count++] = number;
		return;
	}
	char *page = mem_try(w->page_size);
	if (page == NULL)
		return;
	if (file_read_at(w->fd, page, w->page_size, number * w->page_size) == 0 &&
	    page_16(page + PAGE_FLAGS) & PAGE_IS_BRANCH) {
		size_t lower = page_16(page + PAGE_LOWER);
		size_t count = lower >= PAGE_HEADER && lower <= w->page_size ? (lower - PAGE_HEADER) / 2 : 0;
		take_children(w, page, count, level + 1);
	}
	mem_free(page);
}

size_t index_ahead_leaves(int fd, MDB_val from, MDB_val to, uint64_t *pages, size_t room, uint32_t *page_size)
{
	struct walk w = {.fd = fd,
	    .from = view_of(from.mv_data, from.mv_size),
	    .to = view_of(to.mv_data, to.mv_size),
	    .pages = pages,
	    .room = room};
	if (room == 0 || !read_meta(&w) || w.root > w.last || w.depth == 0 || w.depth > INDEX_DEPTH_MAX)
		return 0;
	*page_size = w.page_size;
	take(&w, w.root, 0);
	return w.count;
}

static bool is_in_memory(int fd, uint64_t page, uint32_t page_size)
{
	char byte;
	struct iovec io = {&byte, 1};
	return preadv2(fd, &io, 1, (off_t)(page * page_size), RWF_NOWAIT) == 1;
}

void index_ahead(MDB_txn *txn, MDB_val from, MDB_val to)
{
	mdb_filehandle_t fd;
	uint32_t page_size = 0;
	uint64_t *pages;
	if (mdb_env_get_fd(mdb_txn_env(txn), &fd) != 0 ||
	    (pages = mem_try(INDEX_AHEAD_PAGES_MAX * sizeof *pages)) == NULL)
		return;
	size_t count = index_ahead_leaves(fd, from, to, pages, INDEX_AHEAD_PAGES_MAX, &page_size);
	if (count > 1 &&
	    !(is_in_memory(fd, pages[0], page_size) && is_in_memory(fd, pages[count - 1], page_size)))
		for (size_t i = 0; i < count; i++)
			posix_fadvise(fd, (off_t)(pages[i] * page_size), page_size, POSIX_FADV_WILLNEED);
	mem_free(pages);
}
