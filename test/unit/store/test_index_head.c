/* What LMDB has written passes, from its first transaction on; a bit that is wrong in what LMDB believes does
 * not. */
#include "store/index_head.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "store/file.h"
#include "store/index.h"
#include "store/index_page.h"
#include "support.h"

enum { PAGE = 4096, TRANSACTIONS = 40 };

static struct index index_;
static char folder[128];
static int fd;

static int fill(void **state)
{
	char path[160];
	(void)state;
	snprintf(folder, sizeof folder, "%s", test_folder());
	fd = folder_open_in(AT_FDCWD, folder);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(index_head_check(folder, 1 << 30), 0);
	assert_int_equal(index_open(&index_, folder, 1 << 30), 0);
	snprintf(path, sizeof path, "%s/data.mdb", folder);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	index_close(&index_);
	close(fd);
	return 0;
}

/* Entries come, some of them as long as they can be, and go again: until the tree has levels, and until it
 * has none. */
static void test_passes_whatever_is_written(void **state)
{
	static const struct index_position nowhere;
	static char value[STORE_ENTRY_MAX];
	char key[16];
	(void)state;
	assert_int_equal(index_head_check(folder, 1 << 30), 0);
	for (unsigned n = 0; n < 2 * TRANSACTIONS; n++) {
		assert_int_equal(index_begin(&index_), 0);
		for (unsigned i = 0; i < 100; i++) {
			unsigned number = n % TRANSACTIONS * 100 + i;
			struct view name = view_of(key, (size_t)snprintf(key, sizeof key, "m%08u", number));
			struct view text = view_of(value, i == 0 ? sizeof value - sizeof key : 60);
			int error = n < TRANSACTIONS ? index_put(index_.writing, index_.dbi, 1, name, text)
			                             : index_erase(index_.writing, index_.dbi, 1, name);
			assert_int_equal(error, 0);
		}
		assert_int_equal(index_checkpoint(&index_, &nowhere), 0);
		assert_int_equal(index_head_check(folder, 1 << 30), 0);
	}
	/* A map that may grow less than it has grown is no damage. */
	assert_int_equal(index_head_check(folder, 4096), 0);
}

static bool is_refused(off_t at, unsigned bit)
{
	char byte;
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	char wrong = (char)(byte ^ 1 << bit);
	assert_int_equal(pwrite(fd, &wrong, 1, at), 1);
	int error = index_head_check(folder, 1 << 30);
	assert_true(error == 0 || error == -EBADMSG);
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	return error != 0;
}

static void test_refuses_each_wrong_bit(void **state)
{
	static const struct {
		int at, size;
	} believed[] = {{PAGE_NUMBER, 8}, {PAGE_FLAGS, 2}, {META_MAGIC, 4}, {META_VERSION, 4},
	    {META_ADDRESS, 8}, {META_PAGE_SIZE, 4}, {META_FREE + TREE_FLAGS, 2}, {META_MAIN, 4},
	    {META_MAIN + TREE_FLAGS, 2}, {META_LAST + 4, 4}, {META_TXN, 8}};
	/* Of the newer one alone: the trees of the other are used by nobody. */
	static const int trees[] = {META_FREE + TREE_ROOT + 4, META_MAIN + TREE_ROOT + 4};
	(void)state;
	for (int page = 0; page < 2; page++)
		for (size_t i = 0; i < sizeof believed / sizeof *believed; i++)
			for (int bit = 0; bit < 8 * believed[i].size; bit++)
				if (!is_refused(page * PAGE + believed[i].at + bit / 8, (unsigned)bit % 8))
					fail_msg("page %d, byte %d, bit %d", page, believed[i].at + bit / 8,
					    bit % 8);
	int newer = 2 * TRANSACTIONS % 2;
	for (size_t i = 0; i < sizeof trees / sizeof *trees; i++)
		for (int bit = 0; bit < 32; bit++)
			assert_true(is_refused(newer * PAGE + trees[i] + bit / 8, (unsigned)bit % 8));
	assert_int_equal(index_head_check(folder, 1 << 30), 0);
}

/* Any bit, and any length: nothing worse than a refusal. */
static void test_any_content_does_no_harm(void **state)
{
	(void)state;
	for (int page = 0; page < 2; page++)
		for (int bit = 0; bit < 8 * META_USED; bit++)
			(void)is_refused(page * PAGE + bit / 8, (unsigned)bit % 8);
	for (off_t length = PAGE + META_USED - 1; length > 0; length -= 61) {
		assert_int_equal(ftruncate(fd, length), 0);
		assert_int_equal(index_head_check(folder, 1 << 30), -EBADMSG);
	}
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(index_head_check(folder, 1 << 30), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_passes_whatever_is_written),
	    cmocka_unit_test(test_refuses_each_wrong_bit),
	    cmocka_unit_test(test_any_content_does_no_harm),
	};
	log_open(-1, "test", LOG_ERROR);
	return cmocka_run_group_tests(tests, fill, finish);
}
