/* The checks of index_head.h: what is true of any file that LMDB has written, for our flags. */
#include "store/index_head.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "store/file.h"
#include "store/index_page.h"

struct meta {
	char bytes[META_USED];
	uint32_t page_size;
	uint64_t last, txn;
};

static bool is_page_size(uint32_t size)
{
	return size >= INDEX_PAGE_LEAST && size <= INDEX_PAGE_MAX && (size & (size - 1)) == 0;
}

/* Its root is one of the pages behind the meta pages, and it has no more pages than there are. */
static bool is_tree(const char *tree, uint64_t last)
{
	unsigned depth = page_16(tree + TREE_DEPTH);
	uint64_t root = page_64(tree + TREE_ROOT), branches = page_64(tree + TREE_BRANCHES);
	uint64_t leaves = page_64(tree + TREE_LEAVES), overflow = page_64(tree + TREE_OVERFLOW);
	if (branches > last || leaves > last || overflow > last)
		return false;
	if (depth == 0)
		return root == UINT64_MAX && leaves == 0;
	return depth <= INDEX_DEPTH_MAX && root > 1 && root <= last && leaves > 0 &&
	       (depth > 1) == (branches > 0);
}

static bool is_meta(const struct meta *m, unsigned number, uint64_t pages_max)
{
	const char *page = m->bytes;
	return page_64(page + PAGE_NUMBER) == number && page_16(page + PAGE_FLAGS) == PAGE_IS_META &&
	       page_32(page + META_MAGIC) == (uint32_t)META_MAGIC_NUMBER &&
	       page_32(page + META_VERSION) == META_VERSION_NUMBER && page_64(page + META_ADDRESS) == 0 &&
	       is_page_size(m->page_size) && m->last > 0 && m->last < pages_max &&
	       page_16(page + META_FREE + TREE_FLAGS) == TREE_KEYS_ARE_NUMBERS &&
	       page_32(page + META_MAIN) == 0 && page_16(page + META_MAIN + TREE_FLAGS) == 0;
}

/* Of the newer one. Where LMDB could not write it, it has put the numbers of the one before into it, and left
 * the trees: nobody uses them. */
static bool has_trees(const struct meta *m)
{
	return is_tree(m->bytes + META_FREE, m->last) && is_tree(m->bytes + META_MAIN, m->last);
}

/* One is the state of the transaction before the other's; in a new file both are of none. */
static bool follow_each_other(const struct meta metas[2])
{
	uint64_t a = metas[0].txn, b = metas[1].txn;
	return (a == 0 && b == 0) || (a % 2 == 0 && (b == a + 1 || a == b + 1));
}

static int check(int fd, size_t map_size)
{
	struct meta metas[2];
	uint64_t size, at = 0;
	int error = file_size(fd, &size);
	if (error || size == 0)
		return error;
	uint64_t most = (size > map_size ? size : map_size) / INDEX_PAGE_LEAST;
	for (unsigned i = 0; i < 2; i++) {
		struct meta *m = &metas[i];
		error = file_read_at(fd, m->bytes, sizeof m->bytes, at);
		if (error)
			return error == -ENODATA ? -EBADMSG : error;
		at = m->page_size = page_32(m->bytes + META_PAGE_SIZE);
		m->last = page_64(m->bytes + META_LAST);
		m->txn = page_64(m->bytes + META_TXN);
		if (!is_meta(m, i, most))
			return -EBADMSG;
	}
	bool good = metas[0].page_size == metas[1].page_size && follow_each_other(metas) &&
	            has_trees(&metas[metas[0].txn < metas[1].txn]);
	return good ? 0 : -EBADMSG;
}

int index_head_check(const char *folder, size_t map_size)
{
	char name[4096];
	int n = snprintf(name, sizeof name, "%s/data.mdb", folder);
	if (n < 0 || (size_t)n >= sizeof name)
		return -ENAMETOOLONG;
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : file_error(errno);
	int error = check(fd, map_size);
	close(fd);
	return error;
}
