/* Ids: what is written is read again, and nothing else is taken for an id. */
#include "../unit.h"

#include "mail/mail_id.h"

static void is_written_and_read_alike(struct mail_id id, const char *text)
{
	char written[MAIL_ID_MAX];
	struct mail_id read = {0};
	size_t len = mail_id_put(written, &id);
	assert_view(view_of(written, len), text);
	assert_true(mail_id_get(view_of(written, len), &read));
	assert_int_equal(read.letter, id.letter);
	assert_int_equal(read.account, id.account);
	assert_int_equal(read.number, id.number);
	assert_int_equal(read.part, id.part);
}

static void writes_each_kind(void **state)
{
	(void)state;
	is_written_and_read_alike((struct mail_id){MAIL_ID_EMAIL, 0x1f, 0x2c, 0}, "E1f-2c");
	is_written_and_read_alike((struct mail_id){MAIL_ID_MAILBOX, 7, 0, 0}, "M7-0");
	is_written_and_read_alike((struct mail_id){MAIL_ID_THREAD, UINT64_MAX, UINT64_MAX, 0},
	    "Tffffffffffffffff-ffffffffffffffff");
	is_written_and_read_alike((struct mail_id){MAIL_ID_BLOB_EMAIL, 1, 2, 0}, "B1-2");
	is_written_and_read_alike((struct mail_id){MAIL_ID_BLOB_UPLOAD, 1, 2, 0}, "U1-2");
	is_written_and_read_alike((struct mail_id){MAIL_ID_BLOB_PART, 1, 2, 3}, "P1-2-3");
	is_written_and_read_alike(
	    (struct mail_id){MAIL_ID_BLOB_UPLOAD_PART, UINT64_MAX, UINT64_MAX, UINT64_MAX},
	    "Qffffffffffffffff-ffffffffffffffff-ffffffffffffffff");
	is_written_and_read_alike((struct mail_id){MAIL_ID_ACCOUNT, 0xa, 0, 0}, "Aa");
}

static void refuses_what_is_none(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "E", "E1", "E1-", "E-1", "E1-2-3", "E1-2-", "e1-2", "E1-2x",
	    "E1-A", "E01-2", "E1-02", "E1-11111111111111111", "P1-2", "P1-2-", "P1-2-3-4", "A", "A1-2", "A-1",
	    "X1-2", "E1 -2", "E+1-2", "B1-2-3", "-", "A0x1"};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct mail_id id = {.letter = '!'};
		assert_false(mail_id_get(view_from_string(texts[i]), &id));
		assert_int_equal(id.letter, '!');
	}
	assert_false(mail_id_get((struct view){0}, &(struct mail_id){0}));
}

static void each_letter_has_its_reader(void **state)
{
	(void)state;
	uint64_t account = 0, number = 0;
	char text[MAIL_ID_MAX];
	assert_true(mail_id_read(VIEW("T7-cc"), 'T', &account, &number));
	assert_int_equal(account, 7);
	assert_int_equal(number, 0xcc);
	assert_false(mail_id_read(VIEW("T7-cc"), 'E', &account, &number));
	assert_false(mail_id_read(VIEW("P7-cc-1"), 'P', &account, &number));
	assert_true(mail_account_id_read(VIEW("A1f"), &account));
	assert_int_equal(account, 0x1f);
	assert_false(mail_account_id_read(VIEW("T7-cc"), &account));
	assert_view(view_of(text, mail_account_id_write(text, 0x1f)), "A1f");
	assert_view(view_of(text, mail_id_write(text, 'T', 7, 0xcc)), "T7-cc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_each_kind),
	    cmocka_unit_test(refuses_what_is_none),
	    cmocka_unit_test(each_letter_has_its_reader),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
