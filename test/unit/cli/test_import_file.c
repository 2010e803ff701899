/* Lists of users: what is read of each line, and which lines are told to be none. */
#include "../unit.h"

#include <stdlib.h>
#include <string.h>

#include "cli/import_file.h"

static struct {
	size_t lines[16], count;
} told;

static void wrong(void *arg, size_t line, const char *what)
{
	(void)arg;
	assert_true(what[0] != '\0' && told.count < 16);
	told.lines[told.count++] = line;
}

static void csv(void **state)
{
	(void)state;
	struct import_file f = {.wrong = wrong};
	static const char text[] = "quota,address,password\r\n"
	                           "1G,a@x.test,simple\r\n"
	                           ",\"b@x.test\",\"with \"\"quotes\"\",\nand a line\"\r\n"
	                           "\r\n"
	                           "only,two\r\n"
	                           "1,\"open,x\n"
	                           "2M, c@x.test ,last";
	told.count = 0;
	assert_true(import_is_csv(view_from_string(text)));
	import_read_csv(&f, view_from_string(text));
	assert_int_equal(f.count, 3);
	assert_int_equal(f.rows[0].line, 2);
	assert_view(f.rows[0].quota, "1G");
	assert_view(f.rows[0].address, "a@x.test");
	assert_view(f.rows[0].password, "simple");
	assert_int_equal(f.rows[1].line, 3);
	assert_view(f.rows[1].address, "b@x.test");
	assert_view(f.rows[1].password, "with \"quotes\",\nand a line");
	assert_view(f.rows[2].address, "c@x.test");
	assert_int_equal(told.count, 2);
	assert_int_equal(told.lines[0], 6);
	assert_int_equal(told.lines[1], 7);
	import_free(&f);
}

static void passwd(void **state)
{
	(void)state;
	struct import_file f = {.wrong = wrong};
	static const char text[] =
	    "# users\n"
	    "a@x.test:{SSHA}abc=:1000:1000::/home/a::userdb_quota_rule=*:storage=500M other=1\n"
	    "\n"
	    "nothing\n"
	    "b:$6$x$y\r\n"
	    "c:";
	told.count = 0;
	assert_false(import_is_csv(view_from_string(text)));
	import_read_passwd(&f, view_from_string(text));
	assert_int_equal(f.count, 3);
	assert_view(f.rows[0].address, "a@x.test");
	assert_view(f.rows[0].hash, "{SSHA}abc=");
	assert_view(f.rows[0].quota, "500M");
	assert_view(f.rows[1].hash, "$6$x$y");
	assert_view(f.rows[2].hash, "");
	assert_int_equal(told.count, 1);
	assert_int_equal(told.lines[0], 4);
	import_free(&f);
}

/* However a text is cut, each line is read or told, and nothing outside it. */
static void any_piece(void **state)
{
	(void)state;
	static const char text[] = "address,hash,\"aliases\"\n\"a\"\"b@x.test\",{SSHA}x,\"c d\"\nx,y,z\n\"";
	for (size_t len = 0; len < sizeof text; len++) {
		char *copy = malloc(len + 1);
		memcpy(copy, text, len);
		struct import_file f = {.wrong = wrong};
		told.count = 0;
		import_read_csv(&f, view_of(copy, len));
		import_free(&f);
		f = (struct import_file){.wrong = wrong};
		told.count = 0;
		import_read_passwd(&f, view_of(copy, len));
		import_free(&f);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(csv), cmocka_unit_test(passwd), cmocka_unit_test(any_piece)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
