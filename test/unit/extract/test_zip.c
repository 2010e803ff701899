#include "zip_write.h"

#include <errno.h>

#include "base/mem.h"
#include "extract/zip.h"

static bool take(void *arg, struct view bytes)
{
	return buf_append(arg, bytes) == 0;
}

static bool refuse(void *arg, struct view bytes)
{
	(void)bytes;
	++*(int *)arg;
	return false;
}

static void assert_entry(struct zip *zip, const char *name, const char *text)
{
	struct zip_entry e;
	struct buf out;
	uint64_t told;
	buf_init(&out, 1 << 20);
	assert_true(zip_next(zip, &e));
	assert_view(e.name, name);
	assert_int_equal(zip_read(&e, 1 << 20, take, &out, &told), 0);
	assert_view(buf_view(&out), text);
	assert_int_equal(told, strlen(text));
	buf_done(&out);
}

static void reads_stored_and_deflated_entries(void **state)
{
	(void)state;
	struct zip_write w;
	struct zip zip;
	struct zip_entry e;
	zip_write_begin(&w);
	zip_write_stored(&w, "a.txt", "stored");
	zip_write_deflated(&w, "b/c.txt", VIEW("deflated deflated deflated"));
	zip_write_stored(&w, "empty/", "");
	struct view file = zip_write_end(&w, "a comment with PK\5\6 in it, and more of it");
	assert_int_equal(zip_open(&zip, file), 0);
	assert_entry(&zip, "a.txt", "stored");
	assert_entry(&zip, "b/c.txt", "deflated deflated deflated");
	assert_entry(&zip, "empty/", "");
	assert_false(zip_next(&zip, &e));
	assert_int_equal(zip.directory.len, 0);
	zip_write_done(&w);
}

static void refuses_what_it_cannot_read(void **state)
{
	(void)state;
	struct zip_write w;
	struct zip zip;
	struct zip_entry e;
	struct buf out;
	int calls = 0;
	buf_init(&out, 100);
	zip_write_begin(&w);
	zip_write_raw(&w, "encrypted", VIEW("xxxx"), 4, 0, 1);
	zip_write_raw(&w, "lzma", VIEW("xxxx"), 4, 14, 0);
	zip_write_raw(&w, "damaged", VIEW("\xff\xff\xff"), 4, 8, 0);
	zip_write_raw(&w, "cut", VIEW("\x4b"), 4, 8, 0);
	zip_write_stored(&w, "long", "0123456789");
	zip_write_deflated(&w, "long", VIEW("0123456789"));
	assert_int_equal(zip_open(&zip, zip_write_end(&w, "")), 0);
	assert_true(zip_next(&zip, &e));
	assert_int_equal(zip_read(&e, 100, take, &out, NULL), -ENOTSUP);
	assert_true(zip_next(&zip, &e));
	assert_int_equal(zip_read(&e, 100, take, &out, NULL), -ENOTSUP);
	assert_true(zip_next(&zip, &e));
	assert_int_equal(zip_read(&e, 100, take, &out, NULL), -EBADMSG);
	assert_true(zip_next(&zip, &e));
	assert_int_equal(zip_read(&e, 100, take, &out, NULL), -EBADMSG);
	for (int deflated = 0; deflated < 2; deflated++) {
		buf_clear(&out);
		assert_true(zip_next(&zip, &e));
		assert_int_equal(zip_read(&e, 9, take, &out, NULL), -EFBIG);
		assert_view(buf_view(&out), "012345678");
		assert_int_equal(zip_read(&e, 9, refuse, &calls, NULL), -ECANCELED);
		assert_int_equal(calls, deflated + 1);
	}
	buf_done(&out);
	zip_write_done(&w);
}

static void finds_no_directory_in_other_bytes(void **state)
{
	(void)state;
	struct zip zip;
	struct zip_write w;
	assert_int_equal(zip_open(&zip, VIEW("")), -EBADMSG);
	assert_int_equal(zip_open(&zip, VIEW("PK\3\4 and nothing that would end it, for long")), -EBADMSG);
	/* Each shorter beginning of a file. */
	zip_write_begin(&w);
	zip_write_stored(&w, "a.txt", "stored");
	struct view file = zip_write_end(&w, "");
	for (size_t len = 0; len < file.len; len++)
		assert_int_equal(zip_open(&zip, view_take(file, len)), -EBADMSG);
	zip_write_done(&w);
}

static void bounds_entries(void **state)
{
	(void)state;
	struct zip_write w;
	struct zip zip;
	struct zip_entry e;
	zip_write_begin(&w);
	for (unsigned i = 0; i < ZIP_ENTRIES_MAX + 10; i++)
		zip_write_stored(&w, "a", "");
	assert_int_equal(zip_open(&zip, zip_write_end(&w, "")), 0);
	unsigned n = 0;
	while (zip_next(&zip, &e))
		n++;
	assert_int_equal(n, ZIP_ENTRIES_MAX);
	assert_true(zip.directory.len > 0);
	zip_write_done(&w);
}

static void survives_any_flipped_byte(void **state)
{
	(void)state;
	struct zip_write w;
	zip_write_begin(&w);
	zip_write_deflated(&w, "b/c.txt", VIEW("deflated deflated deflated"));
	zip_write_stored(&w, "a.txt", "stored");
	struct view file = zip_write_end(&w, "x");
	for (size_t i = 0; i < file.len * 8; i++) {
		struct zip zip;
		struct zip_entry e;
		struct buf out;
		char *copy = mem_alloc(file.len);
		memcpy(copy, file.data, file.len);
		copy[i / 8] = (char)(copy[i / 8] ^ 1 << i % 8);
		buf_init(&out, 10000);
		if (zip_open(&zip, view_of(copy, file.len)) == 0)
			while (zip_next(&zip, &e))
				(void)!zip_read(&e, 10000, take, &out, NULL);
		buf_done(&out);
		mem_free(copy);
	}
	zip_write_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_stored_and_deflated_entries),
	    cmocka_unit_test(refuses_what_it_cannot_read),
	    cmocka_unit_test(finds_no_directory_in_other_bytes),
	    cmocka_unit_test(bounds_entries),
	    cmocka_unit_test(survives_any_flipped_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
