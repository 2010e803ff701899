/*
 * The form of LMDB's pages (data version 1), for those who look at them without LMDB: index_head.c, which is
 * there because LMDB believes what stands in its first pages, and index_ahead.c.
 */
#ifndef STORE_INDEX_PAGE_H
#define STORE_INDEX_PAGE_H

#include <stdint.h>
#include <string.h>

enum {
	INDEX_PAGE_LEAST = 512,
	INDEX_PAGE_MAX = 64 << 10,
	INDEX_DEPTH_MAX = 8, /* a tree of more levels than fit an address space is none */

	/* Of each page: its number 8, pad 2, flags 2, lower 2, upper 2; then offsets of nodes, 2 each. */
	PAGE_NUMBER = 0,
	PAGE_FLAGS = 10,
	PAGE_LOWER = 12, /* where the offsets end */
	PAGE_HEADER = 16,
	PAGE_IS_BRANCH = 1,
	PAGE_IS_META = 8,

	/* The two meta pages come first. Each transaction writes the one that it does not begin from. */
	META_MAGIC_NUMBER = (int)0xBEEFC0DE,
	META_VERSION_NUMBER = 1,
	META_MAGIC = PAGE_HEADER,
	META_VERSION = PAGE_HEADER + 4,
	META_ADDRESS = PAGE_HEADER + 8,
	/* Trees: of the free pages, whose pad is the size of a page, and of the entries. */
	META_FREE = PAGE_HEADER + 24,
	META_PAGE_SIZE = META_FREE,
	META_MAIN = META_FREE + 48,
	META_LAST = META_MAIN + 48, /* the number of the last page */
	META_TXN = META_LAST + 8,
	META_USED = META_TXN + 8,

	/* Of a tree. */
	TREE_FLAGS = 4,
	TREE_DEPTH = 6,
	TREE_BRANCHES = 8,
	TREE_LEAVES = 16,
	TREE_OVERFLOW = 24,
	TREE_ROOT = 40,
	TREE_KEYS_ARE_NUMBERS = 8
};

/* LMDB writes its pages in the machine's own order. */
static inline uint16_t page_16(const char *p)
{
	uint16_t n;
	memcpy(&n, p, sizeof n);
	return n;
}

static inline uint32_t page_32(const char *p)
{
	uint32_t n;
	memcpy(&n, p, sizeof n);
	return n;
}

static inline uint64_t page_64(const char *p)
{
	uint64_t n;
	memcpy(&n, p, sizeof n);
	return n;
}

#endif
