/* Kept files: blobs with and without a dictionary, and what is still read when parts of the file are bad. */
#include "store/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/file.h"
#include "support.h"

enum { BLOBS = 700, NUMBER = 9, BIG = 3, BIG_LEN = 300000 };

static char name[SEGMENT_NAME_SIZE];
static int folder_fd;

/* Odd seeds give text. */
static size_t blob_of(unsigned i, struct blob_id *id, char *content)
{
	size_t len = i == 0 ? 0 : i == BIG ? BIG_LEN : 1000 + i;
	struct blob_place place = {
	    .kind = SEGMENT_LOG, .segment = 1 + i % 3, .position = 8192 + i * 64, .length = len};
	*id = blob_id_make(&place);
	test_bytes(2 * i + 1, 0, content, len);
	return len;
}

static void train(struct buf *dictionary)
{
	static char content[BIG_LEN];
	size_t lengths[BLOBS];
	struct blob_id id;
	struct buf bytes;
	buf_init(&bytes, 4 << 20);
	for (unsigned i = 0; i < BLOBS; i++) {
		lengths[i] = blob_of(i, &id, content);
		lengths[i] = lengths[i] > 2000 ? 2000 : lengths[i];
		buf_append(&bytes, view_of(content, lengths[i]));
	}
	assert_int_equal(kept_train(buf_view(&bytes), lengths, BLOBS, 4096, dictionary), 0);
	buf_done(&bytes);
}

/* Writes the file and gives its size without the header's copy. */
static uint64_t write_file(bool with_dictionary)
{
	static char content[BIG_LEN];
	struct kept_writer w;
	struct buf dictionary;
	uint64_t size = 0;
	buf_init(&dictionary, KEPT_DICTIONARY_MAX);
	if (with_dictionary) {
		train(&dictionary);
		assert_true(dictionary.len > 0);
	}
	if (folder_fd > 0)
		close(folder_fd);
	folder_fd = folder_open_in(AT_FDCWD, test_folder());
	assert_true(folder_fd >= 0);
	assert_int_equal(kept_begin(&w, folder_fd, "kept.new", NUMBER, 1, buf_view(&dictionary)), 0);
	for (unsigned i = BLOBS; i-- > 0;) {
		struct blob_id id;
		size_t len = blob_of(i, &id, content);
		assert_int_equal(kept_add(&w, &id, view_of(content, len)), 0);
	}
	assert_int_equal(kept_finish(&w), 0);
	assert_int_equal(file_size(w.segment.fd, &size), 0);
	kept_writer_done(&w);
	buf_done(&dictionary);
	segment_name(name, SEGMENT_KEPT, NUMBER);
	assert_int_equal(renameat(folder_fd, "kept.new", folder_fd, name), 0);
	return size - SEGMENT_HEADER_SIZE;
}

static void open_file(struct segment *s)
{
	assert_int_equal(segment_open(s, folder_fd, name, O_RDWR), 0);
}

/* In the order of the file, against it, and each as if it were the only one. */
enum order { AS_WRITTEN, BACKWARDS, EACH_ALONE };

/* How many blobs read as they were written; the others must say that they are damaged. */
static unsigned read_in_order(enum order order)
{
	static char content[BIG_LEN], got[BIG_LEN];
	struct kept_near near = {0};
	struct kept_reader *r;
	struct segment s;
	unsigned good = 0;
	open_file(&s);
	assert_int_equal(kept_reader_open(&s, &r), 0);
	for (unsigned n = 0; n < BLOBS; n++) {
		struct blob_id id;
		size_t len = blob_of(order == AS_WRITTEN ? BLOBS - 1 - n : n, &id, content);
		if (order == EACH_ALONE)
			kept_near_done(&near);
		int error = kept_read(&s, r, &near, &id, 0, len, got);
		if (error) {
			assert_int_equal(error, -EBADMSG);
			continue;
		}
		assert_memory_equal(got, content, len);
		if (len > 100) {
			assert_int_equal(kept_read(&s, r, &near, &id, 50, 17, got), 0);
			assert_memory_equal(got, content + 50, 17);
		}
		assert_int_equal(kept_read(&s, r, &near, &id, len, 1, got), -ERANGE);
		good++;
	}
	struct blob_place elsewhere = {.kind = SEGMENT_LOG, .segment = 77, .position = 8192, .length = 5};
	struct blob_id id = blob_id_make(&elsewhere);
	assert_int_equal(kept_read(&s, r, &near, &id, 0, 5, got), -ENOENT);
	assert_true(kept_raw(r) > BLOBS * 1000);
	kept_near_done(&near);
	kept_reader_close(r);
	segment_close(&s);
	return good;
}

/* What comes with the read of another is the same. */
static unsigned read_all(void)
{
	unsigned good = read_in_order(EACH_ALONE);
	assert_int_equal(read_in_order(AS_WRITTEN), good);
	assert_int_equal(read_in_order(BACKWARDS), good);
	return good;
}

struct walked {
	unsigned good, bad;
};

static int note(void *arg, const struct blob_id *id, uint64_t stored, int result)
{
	struct walked *w = arg;
	(void)id, (void)stored;
	w->good += result == 0;
	w->bad += result == -EBADMSG;
	return 0;
}

/* What a check says of the file: 0 only when nothing at all is found. */
static int check(struct walked *w)
{
	struct segment s;
	*w = (struct walked){0};
	open_file(&s);
	int error = kept_walk(&s, note, w);
	segment_close(&s);
	return error;
}

static void spoil(uint64_t position)
{
	struct segment s;
	char byte;
	open_file(&s);
	assert_int_equal(pread(s.fd, &byte, 1, (off_t)position), 1);
	byte = (char)(byte ^ 1);
	assert_int_equal(pwrite(s.fd, &byte, 1, (off_t)position), 1);
	segment_close(&s);
}

static struct kept_footer footer_of(uint64_t size)
{
	struct segment s;
	struct kept_footer f;
	char bytes[KEPT_FOOTER_SIZE];
	open_file(&s);
	assert_int_equal(file_read_at(s.fd, bytes, sizeof bytes, size - sizeof bytes), 0);
	assert_true(kept_footer_decode(&s, bytes, size - sizeof bytes, &f));
	segment_close(&s);
	return f;
}

static void a_dictionary_saves_space_and_changes_nothing_else(void **state)
{
	struct walked w;
	(void)state;
	uint64_t plain = write_file(false);
	assert_int_equal(read_all(), BLOBS);
	assert_int_equal(check(&w), 0);
	assert_int_equal(w.good, BLOBS);
	uint64_t shared = write_file(true);
	assert_true(shared < plain);
	assert_int_equal(read_all(), BLOBS);
	assert_int_equal(check(&w), 0);
	assert_int_equal(w.good, BLOBS);
}

static void a_bad_dictionary_has_a_second_copy(void **state)
{
	struct walked w;
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct kept_footer f = footer_of(write_file(true));
		assert_true(f.dictionaries[0] > 0 && f.dictionaries[1] > f.dictionaries[0]);
		spoil(f.dictionaries[i] + RECORD_HEADER_SIZE + 100);
		assert_int_equal(read_all(), BLOBS);
		assert_int_equal(check(&w), -EBADMSG);
		assert_int_equal(w.good, BLOBS);
	}
	struct kept_footer f = footer_of(write_file(true));
	struct kept_reader *r;
	struct segment s;
	spoil(f.dictionaries[0] + 5);
	spoil(f.dictionaries[1] + 5);
	open_file(&s);
	assert_int_equal(kept_reader_open(&s, &r), -EBADMSG);
	segment_close(&s);
}

static void a_bad_header_has_a_second_copy(void **state)
{
	struct walked w;
	(void)state;
	/* A number in it, its secret, and space that is clear. */
	static const uint64_t bytes[] = {17, 100, 2000};
	for (size_t i = 0; i < 6; i++) {
		uint64_t copy = write_file(true);
		spoil(bytes[i % 3] + (i < 3 ? 0 : copy));
		assert_int_equal(read_all(), BLOBS);
		assert_int_equal(check(&w), -EBADMSG);
		assert_int_equal(w.good, BLOBS);
	}
	struct segment s;
	uint64_t copy = write_file(true);
	spoil(100);
	spoil(copy + 100);
	assert_int_equal(segment_open(&s, folder_fd, name, O_RDWR), -EBADMSG);
}

static void a_bad_table_is_made_from_the_records(void **state)
{
	struct walked w;
	(void)state;
	for (int i = 0; i < 3; i++) {
		uint64_t size = write_file(i > 0);
		struct kept_footer f = footer_of(size);
		spoil(i == 0 ? f.table + 3 * KEPT_ROW_SIZE : i == 1 ? size - 20 : size - 1);
		assert_int_equal(read_all(), BLOBS);
		assert_int_equal(check(&w), -EBADMSG);
	}
	/* Cut short: what stands before is still there. */
	uint64_t size = write_file(true);
	struct kept_footer f = footer_of(size);
	struct segment s;
	open_file(&s);
	assert_int_equal(ftruncate(s.fd, (off_t)f.table), 0);
	segment_close(&s);
	assert_int_equal(read_all(), BLOBS);
	assert_int_equal(check(&w), -EBADMSG);
}

static void a_bad_record_costs_its_own_blob(void **state)
{
	struct walked w;
	(void)state;
	for (int in_header = 0; in_header < 2; in_header++) {
		struct kept_footer f = footer_of(write_file(true));
		struct segment s;
		char row[KEPT_ROW_SIZE];
		open_file(&s);
		assert_int_equal(file_read_at(s.fd, row, sizeof row, f.table + 200 * KEPT_ROW_SIZE), 0);
		segment_close(&s);
		const unsigned char *p = (const unsigned char *)row + BLOB_ID_SIZE;
		uint64_t position = (uint64_t)p[0] << 24 | (uint64_t)p[1] << 16 | (uint64_t)p[2] << 8 | p[3];
		spoil(position + (in_header ? 9 : RECORD_HEADER_SIZE + 9));
		assert_int_equal(read_all(), BLOBS - 1);
		int error = check(&w);
		assert_true(error == 0 || error == -EBADMSG);
		assert_int_equal(w.bad, 1);
		assert_int_equal(w.good, BLOBS - 1);
	}
}

static void few_samples_make_no_dictionary(void **state)
{
	static const size_t lengths[] = {4, 4};
	struct buf dictionary;
	(void)state;
	buf_init(&dictionary, KEPT_DICTIONARY_MAX);
	assert_int_equal(kept_train(VIEW("mailmail"), lengths, 2, KEPT_DICTIONARY_MAX, &dictionary), 0);
	assert_int_equal(dictionary.len, 0);
	assert_int_equal(kept_train((struct view){0}, lengths, 0, KEPT_DICTIONARY_MAX, &dictionary), 0);
	assert_int_equal(kept_train(VIEW("mailmail"), lengths, 2, 10, &dictionary), 0);
	assert_int_equal(dictionary.len, 0);
	buf_done(&dictionary);
}

static int close_folder(void **state)
{
	(void)state;
	close(folder_fd);
	return 0;
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_dictionary_saves_space_and_changes_nothing_else),
	    cmocka_unit_test(a_bad_dictionary_has_a_second_copy),
	    cmocka_unit_test(a_bad_header_has_a_second_copy),
	    cmocka_unit_test(a_bad_table_is_made_from_the_records),
	    cmocka_unit_test(a_bad_record_costs_its_own_blob),
	    cmocka_unit_test(few_samples_make_no_dictionary),
	};
	return cmocka_run_group_tests(tests, NULL, close_folder);
}
