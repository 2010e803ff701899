/* Replacing the file of settings: what somebody else has written in the meantime is not lost. */
#include "../unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/conf.h"
#include "config/conf_replace.h"

static char folder[] = "/tmp/postrider-conf-XXXXXX", path[80], other[80];

static int start(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/postrider.conf", folder);
	snprintf(other, sizeof other, "%s/link.conf", folder);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	unlink(path);
	unlink(other);
	return rmdir(folder);
}

static void write_text(const char *text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void has_text(const char *expected)
{
	char text[100] = "";
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(text, expected);
}

/* The file as it was when it was read. */
static struct stat read_conf(const char *name)
{
	struct findings found;
	struct conf conf;
	findings_init(&found);
	conf_init(&conf);
	assert_int_equal(conf_read(&conf, name, &found), 0);
	struct stat seen = conf.files[0].seen;
	findings_done(&found);
	conf_done(&conf);
	return seen;
}

static void what_an_editor_has_written_stays(void **state)
{
	struct stat seen, now;
	(void)state;
	write_text("a = 1\n");
	assert_int_equal(chmod(path, 0640), 0);
	seen = read_conf(path);
	write_text("a = 1\nb = 2\n");
	assert_int_equal(conf_replace(path, VIEW("a = 3\n"), &seen), EBUSY);
	has_text("a = 1\nb = 2\n");
	seen = read_conf(path);
	assert_int_equal(conf_replace(path, VIEW("a = 3\n"), &seen), 0);
	has_text("a = 3\n");
	assert_int_equal(stat(path, &now), 0);
	assert_int_equal(now.st_mode & 0777, 0640);
	/* Neither is a file there that was made meanwhile. */
	assert_int_equal(conf_replace(path, VIEW("x\n"), NULL), EEXIST);
	has_text("a = 3\n");
}

static void the_file_behind_a_link_is_replaced(void **state)
{
	struct stat seen, now;
	(void)state;
	write_text("a = 1\n");
	assert_int_equal(symlink("postrider.conf", other), 0);
	seen = read_conf(other);
	assert_int_equal(conf_replace(other, VIEW("a = 2\n"), &seen), 0);
	has_text("a = 2\n");
	assert_int_equal(lstat(other, &now), 0);
	assert_true(S_ISLNK(now.st_mode));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_an_editor_has_written_stays),
	    cmocka_unit_test(the_file_behind_a_link_is_replaced),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
