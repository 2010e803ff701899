/* Searching trace files: what is found, in which order, and what odd files do. */
#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/trace_search.h"
#include "trace/trace_subject.h"

static char folder[64];
static int folder_fd;
static struct buf out;
static struct trace_result result;

static int set_up(void **state)
{
	(void)state;
	char path[200];
	snprintf(folder, sizeof folder, "/tmp/postrider-search-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY);
	snprintf(path, sizeof path, "%s/" TRACE_FOLDER, folder);
	buf_init(&out, TRACE_OUTPUT_MAX);
	return mkdir(path, 0700);
}

static int tear_down(void **state)
{
	(void)state;
	char command[100];
	close(folder_fd);
	buf_done(&out);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static void add(const char *day, const char *text)
{
	char path[200];
	snprintf(path, sizeof path, "%s/" TRACE_FOLDER "/%s", folder, day);
	FILE *file = fopen(path, "a");
	fputs(text, file);
	fclose(file);
}

/* A line of that day. */
static void note(const char *day, const char *id, const char *rest)
{
	char line[4000];
	snprintf(line, sizeof line, "%sT10:00:00.000Z %s %s\n", day, id, rest);
	add(day, line);
}

static int search_with(const char *text, unsigned days, unsigned limit)
{
	struct trace_query query = {.text = view_from_string(text), .days = days, .limit = limit};
	buf_clear(&out);
	return trace_search(folder_fd, &query, &out, &result);
}

/* The ids of the groups, in their order. */
static const char *groups(const char *text)
{
	static char ids[4000];
	struct view rest, line, last = {0};
	ids[0] = '\0';
	assert_int_equal(search_with(text, 0, 0), 0);
	rest = buf_view(&out);
	while (view_next(&rest, '\n', &line)) {
		if (line.len == 0 && last.len)
			snprintf(ids + strlen(ids), sizeof ids - strlen(ids), "%.*s ",
			    VIEW_FMT(
			        view_take(view_skip(last, 25), (size_t)view_find(view_skip(last, 25), ' '))));
		last = line;
	}
	return ids;
}

#define D1 "2026-11-20"
#define D2 "2026-11-21"
#define D3 "2026-11-22"

static void shows_the_whole_path(void **state)
{
	(void)state;
	note(D1, "AAA", "accepted sender=carol@example.net message_id=one@example.net");
	note(D1, "BBB", "accepted sender=other@example.net");
	note(D1, "AAA", "recipient recipient=Joe@example.com");
	note(D2, "AAA", "deferred recipient=Joe@example.com reply=\"450 later\"");
	note(D3, "AAA", "relayed recipient=Joe@example.com host=mx.example.com");
	static const char *const asked[] = {"AAA", "joe@EXAMPLE.com", "<one@example.net>", "one@example.net",
	    "carol@example.net", "@example.com"};
	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
		assert_int_equal(search_with(asked[i], 0, 0), 0);
		assert_int_equal(result.messages, 1);
		assert_false(result.more || result.cut);
		assert_view(buf_view(&out),
		    D1 "T10:00:00.000Z AAA accepted sender=carol@example.net message_id=one@example.net\n" D1
		       "T10:00:00.000Z AAA recipient recipient=Joe@example.com\n" D2
		       "T10:00:00.000Z AAA deferred recipient=Joe@example.com reply=\"450 later\"\n" D3
		       "T10:00:00.000Z AAA relayed recipient=Joe@example.com host=mx.example.com\n\n");
	}
	static const char *const absent[] = {
	    "AA", "aaa", "joe", "example.com", "oe@example.com", "450 later", "", " ", "<>", "@"};
	for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
		assert_int_equal(search_with(absent[i], 0, 0), 0);
		assert_int_equal(result.messages, 0);
		assert_int_equal(out.len, 0);
	}
}

static void finds_by_every_id(void **state)
{
	(void)state;
	note(D1, "AAA", "accepted sender=carol@example.net session=SSS");
	note(D1, "AAA", "kept recipient=bob@example.net original=Info@example.net");
	note(D2, "BBB", "accepted sender=carol@example.net session=TTT refused=1");
	note(D2, "BBB", "relayed recipient=joe@example.com reply=\"250 2.0.0 Ok: queued as 4bXYZ12345.\"");
	note(D2, "TTT", "rejected from=192.0.2.9 recipient=nobody@example.net reply=\"550 5.1.1 no\"");
	assert_string_equal(groups("SSS"), "AAA ");
	assert_string_equal(groups("info@example.net"), "AAA ");
	assert_string_equal(groups("4bxyz12345"), "BBB TTT ");
	assert_string_equal(groups("nobody@example.net"), "TTT ");
	/* What the session was refused stands behind what it brought, and is found by its id as well. */
	assert_string_equal(groups("TTT"), "BBB TTT ");
	assert_string_equal(groups("BBB"), "BBB TTT ");
	/* Neither a part of a word, nor a word that nobody gives as an id. */
	assert_string_equal(groups("queued"), "");
	assert_string_equal(groups("4bXYZ1234"), "");
}

static const char *groups_of(const struct trace_query *query)
{
	static char ids[400];
	struct view rest, line, last = {0};
	ids[0] = '\0';
	buf_clear(&out);
	assert_int_equal(trace_search(folder_fd, query, &out, &result), 0);
	rest = buf_view(&out);
	while (view_next(&rest, '\n', &line)) {
		if (line.len == 0 && last.len)
			snprintf(ids + strlen(ids), sizeof ids - strlen(ids), "%.3s ", last.data + 25);
		last = line;
	}
	return ids;
}

static void finds_by_subject_and_time(void **state)
{
	(void)state;
	enum { DAY = 86400 };
	const int64_t d1 = 1795132800; /* 2026-11-20 */
	struct buf words;
	char rest[400];
	buf_init(&words, TRACE_SUBJECT_MAX);
	trace_subject_words(VIEW("=?utf-8?q?M=C3=A4rz?= invoice, 42"), &words);
	assert_int_equal(words.len, 28);
	snprintf(rest, sizeof rest, "accepted sender=a@b.c subject_words=%s", buf_string(&words));
	note(D1, "AAA", rest);
	note(D2, "BBB", rest);
	note(D2, "CCC", "accepted sender=a@b.c");
	note(D3, "DDD", "rejected from=192.0.2.9 sender=a@b.c recipient=x@y.z");
	note(D3, "EEE", "kept recipient=x@y.z");
	buf_done(&words);
	assert_string_equal(
	    groups_of(&(struct trace_query){.subject = VIEW("Invoice m\xc3\xa4rz")}), "BBB AAA ");
	assert_string_equal(groups_of(&(struct trace_query){.subject = VIEW("invoice 43")}), "");
	assert_string_equal(groups_of(&(struct trace_query){.subject = VIEW("...")}), "");
	assert_string_equal(
	    groups_of(&(struct trace_query){.subject = VIEW("42"), .since = d1 + DAY, .until = d1 + 2 * DAY}),
	    "BBB ");
	/* A text and a subject: both. */
	assert_string_equal(
	    groups_of(&(struct trace_query){.text = VIEW("a@b.c"), .subject = VIEW("invoice"), .limit = 1}),
	    "BBB ");
	assert_true(result.more);
	assert_string_equal(
	    groups_of(&(struct trace_query){.text = VIEW("a@b.c"), .subject = VIEW("other")}), "");
	/* A time alone: all that came then, or was refused. */
	assert_string_equal(groups_of(&(struct trace_query){.since = d1 + DAY}), "DDD CCC BBB ");
	assert_string_equal(groups_of(&(struct trace_query){.until = d1 + DAY - 1}), "AAA ");
	assert_string_equal(
	    groups_of(&(struct trace_query){.text = VIEW("a@b.c"), .until = d1 + DAY + 36000}),
	    "CCC BBB AAA ");
	assert_string_equal(groups_of(&(struct trace_query){.text = VIEW("")}), "");
}

static void attempts_belong_to_all_that_waited(void **state)
{
	(void)state;
	note(D1, "-", "attempt destination=example.com host=too.early reply=x");
	note(D1, "AAA", "queued recipient=joe@example.com destination=example.com");
	note(D1, "AAA", "queued recipient=jim@example.com destination=example.com");
	note(D1, "BBB", "queued recipient=joe@example.com destination=example.com");
	note(D1, "CCC", "queued recipient=joe@example.org destination=example.org");
	note(D1, "-", "attempt destination=example.com host=mx1 reply=\"554 no\"");
	note(D2, "AAA", "relayed recipient=joe@example.com destination=example.com host=mx2");
	note(D2, "BBB", "relayed recipient=joe@example.com destination=example.com host=mx2");
	note(D2, "-", "attempt destination=example.com host=mx3 reply=\"554 no\"");
	note(D2, "AAA", "deleted by=root");
	note(D3, "-", "attempt destination=example.com host=mx4 reply=\"554 no\"");
	assert_int_equal(search_with("AAA", 0, 0), 0);
	assert_null(strstr(buf_string(&out), "too.early"));
	assert_non_null(
	    strstr(buf_string(&out), D1 "T10:00:00.000Z AAA attempt destination=example.com host=mx1"));
	assert_non_null(strstr(buf_string(&out), "host=mx3"));
	assert_null(strstr(buf_string(&out), "host=mx4"));
	assert_int_equal(search_with("BBB", 0, 0), 0);
	assert_non_null(strstr(buf_string(&out), "BBB attempt destination=example.com host=mx1"));
	assert_null(strstr(buf_string(&out), "host=mx3"));
	assert_int_equal(search_with("CCC", 0, 0), 0);
	assert_null(strstr(buf_string(&out), "attempt"));
	assert_string_equal(groups("-"), "");
}

static void reports_stand_behind_their_message(void **state)
{
	(void)state;
	note(D1, "AAA", "accepted sender=carol@example.net");
	note(D2, "AAA", "failed recipient=joe@example.com");
	note(D2, "AAA", "notified kind=failed to=carol@example.net dsn=DDD");
	note(D2, "DDD", "accepted service=dsn sender=\"\" about=AAA");
	note(D2, "DDD", "kept recipient=carol@example.net");
	note(D3, "CCC", "accepted sender=carol@example.net");
	assert_string_equal(groups("joe@example.com"), "AAA DDD ");
	assert_string_equal(groups("AAA"), "AAA DDD ");
	assert_string_equal(groups("DDD"), "AAA DDD ");
	assert_string_equal(groups("carol@example.net"), "CCC AAA DDD ");
}

static void newest_first_and_not_too_many(void **state)
{
	(void)state;
	char id[10];
	for (int i = 0; i < 30; i++) {
		snprintf(id, sizeof id, "M%02d", i);
		note(i < 10 ? D1 : i < 20 ? D2 : D3, id, "accepted sender=a@b.c");
		note(i < 10 ? D1 : i < 20 ? D2 : D3, id, "done");
	}
	assert_int_equal(search_with("a@b.c", 0, 3), 0);
	assert_int_equal(result.messages, 3);
	assert_true(result.more);
	assert_non_null(strstr(buf_string(&out), "M29 "));
	assert_true(strstr(buf_string(&out), "M29 ") < strstr(buf_string(&out), "M27 "));
	assert_null(strstr(buf_string(&out), "M26 "));
	/* A limit that ends exactly with a day still knows that there are more. */
	assert_int_equal(search_with("a@b.c", 0, 10), 0);
	assert_int_equal(result.messages, 10);
	assert_true(result.more);
	assert_null(strstr(buf_string(&out), "M19 "));
	assert_int_equal(search_with("a@b.c", 0, 15), 0);
	assert_int_equal(result.messages, 15);
	assert_non_null(strstr(buf_string(&out), "M15 "));
	assert_null(strstr(buf_string(&out), "M14 "));
	assert_int_equal(search_with("a@b.c", 0, 30), 0);
	assert_int_equal(result.messages, 30);
	assert_false(result.more);
	assert_int_equal(search_with("a@b.c", 1, 30), 0);
	assert_int_equal(result.messages, 10);
	assert_int_equal(search_with("M05", 2, 0), 0);
	assert_int_equal(result.messages, 0);
}

static void escaped_texts_are_found(void **state)
{
	(void)state;
	note(D1, "AAA", "accepted sender=\"\\\"od\\\\d one\\\"@example.net\" message_id=\"a b@c\"");
	note(D1, "BBB",
	    "recipient recipient=\"j\xc3\xb6@b\xc3\xbc"
	    "cher.example\"");
	assert_string_equal(groups("\"od\\d one\"@example.net"), "AAA ");
	assert_string_equal(groups("a b@c"), "AAA ");
	assert_string_equal(groups("j\xc3\xb6@b\xc3\xbc"
	                           "cher.example"),
	    "BBB ");
}

static void odd_files_do_no_harm(void **state)
{
	(void)state;
	char path[200];
	assert_int_equal(search_with("AAA", 0, 0), -ENOENT);
	add("notes", "2026-11-20T10:00:00.000Z AAA done\n");
	assert_int_equal(search_with("AAA", 0, 0), -ENOENT);
	note(D1, "AAA", "accepted sender=a@b.c");
	add(D1, "a@b.c\n\n \n2026-11-20T10:00:00.000Z\n2026-11-20T10:00:00.000Z \n2026-11-20T10:00:00.000Z  "
	        "a@b.c\n"
	        "2026-11-20T10:00:00.000Z AAA\n2026-11-20T10:00:00.000Z XXX sender=\n=a@b.c sender=a@b.c\n");
	/* A line without an end is still being written. */
	add(D1, "2026-11-20T10:00:00.000Z AAA relayed recipient=a@b");
	snprintf(path, sizeof path, "%s/" TRACE_FOLDER "/" D2, folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_string_equal(groups("a@b.c"), "AAA ");
	assert_null(strstr(buf_string(&out), "relayed"));
	unlink(path);
	/* A file without any line, larger than a block; and one with lines behind such a thing. */
	FILE *file = fopen(path, "w");
	for (int i = 0; i < 3 << 20; i++)
		fputc(i == 5 ? '\0' : 'x', file);
	fclose(file);
	add(D2, "\n");
	note(D2, "EEE", "accepted sender=a@b.c");
	assert_string_equal(groups("a@b.c"), "EEE AAA ");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(search_with("a@b.c", 0, 0), -EISDIR);
}

static void finds_what_crosses_a_block(void **state)
{
	(void)state;
	char rest[200];
	for (int i = 0; i < 30000; i++) {
		snprintf(rest, sizeof rest, "accepted sender=sender%d@example.net message_id=m%d@example.net",
		    i, i);
		note(D1, i % 1000 == 999 ? "AAA" : "ZZZ", rest);
	}
	assert_int_equal(search_with("AAA", 0, 0), 0);
	size_t lines = 0;
	for (size_t i = 0; i < out.len; i++)
		lines += buf_view(&out).data[i] == '\n';
	assert_int_equal(lines, 31);
	for (int i = 999; i < 30000; i += 1000) {
		snprintf(rest, sizeof rest, "M%d@Example.net", i);
		assert_string_equal(groups(rest), "AAA ");
	}
}

static void output_is_bounded(void **state)
{
	(void)state;
	char rest[2000];
	memset(rest, 'x', sizeof rest);
	memcpy(rest, "deferred reply=", 15);
	rest[1500] = '\0';
	for (int i = 0; i < 8000; i++)
		note(D1, "AAA", rest);
	assert_int_equal(search_with("AAA", 0, 0), 0);
	assert_true(result.cut);
	assert_true(out.len <= TRACE_OUTPUT_MAX);
}

static void can_be_stopped(void **state)
{
	(void)state;
	atomic_bool stop = true;
	struct trace_query query = {.text = VIEW("AAA"), .stop = &stop};
	note(D1, "AAA", "done");
	assert_int_equal(trace_search(folder_fd, &query, &out, &result), -ECANCELED);
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(shows_the_whole_path, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(finds_by_every_id, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(finds_by_subject_and_time, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(attempts_belong_to_all_that_waited, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(reports_stand_behind_their_message, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(newest_first_and_not_too_many, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(escaped_texts_are_found, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(odd_files_do_no_harm, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(finds_what_crosses_a_block, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(output_is_bounded, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(can_be_stopped, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
