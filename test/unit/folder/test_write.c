/* What is written comes back the same, whatever it is; and a second run makes no second copies. */
#include "folder_world.h"

#include "base/random.h"

static const char *const paths[] = {
    "INBOX", "Work", "Work/2024", "Entwürfe", "R&D", "A &- B", "a.b/c.d", ".hidden", "送信済み", "📬"};
enum { PATHS = sizeof paths / sizeof paths[0] };

static const struct {
	struct folder_message m;
	const char *body;
} messages[] = {
    {{{"a1", 2}, 1000000001, FLAG_SEEN | FLAG_ANSWERED, {"$Junk Work", 10}, {"uidl-1", 6}, 3},
        "S: 1\r\n\r\nFrom x\r\n>From y\r\n"},
    {{{"a2", 2}, 1000000002, 0, {0}, {"uidl-2", 6}, 4}, "Status: RO\r\nX-UIDL: mine\r\nS: 2\r\n\r\n\r\n\r\n"},
    {{{"a3", 2}, 999999999, FLAG_DRAFT | FLAG_DELETED | FLAG_FLAGGED, {"$Forwarded", 10}, {"uidl-3", 6}, 900},
        "\r\nno header\r\n"},
};
enum { MESSAGES = sizeof messages / sizeof messages[0] };

static void open_writer(struct world *w, enum folder_format format, struct folder_writer **out)
{
	char path[100];
	snprintf(path, sizeof path, "%s/out", w->root);
	assert_int_equal(folder_writer_open(path, format, out), 0);
}

/* How many were written: the others were there. */
static size_t write_all(struct world *w, enum folder_format format)
{
	struct folder_writer *writer;
	size_t written = 0;
	open_writer(w, format, &writer);
	for (size_t i = 0; i < PATHS; i++) {
		assert_int_equal(
		    folder_writer_begin(writer, view_from_string(paths[i]), i % 2 == 0, 77, 901), 0);
		for (size_t k = 0; k < MESSAGES; k++)
			if (!folder_writer_has(writer, &messages[k].m, strlen(messages[k].body))) {
				assert_int_equal(folder_writer_put(writer, &messages[k].m,
				                     view_from_string(messages[k].body)),
				    0);
				written++;
			}
		assert_int_equal(folder_writer_end(writer), 0);
	}
	assert_int_equal(folder_writer_lost_keywords(writer), 0);
	assert_int_equal(folder_writer_close(writer), 0);
	return written;
}

static void check_message(const struct folder_message *got, struct view body, size_t k)
{
	const struct folder_message *m = &messages[k].m;
	assert_int_equal(got->date, m->date);
	assert_int_equal(got->flags, m->flags);
	assert_int_equal(got->uid, m->uid);
	assert_true(view_equal(got->uidl, m->uidl));
	assert_true(view_equal(got->keywords, m->keywords));
	assert_view(body, messages[k].body);
}

static void check_mailbox(const struct folder_tree *tree, const struct folder_mailbox *mailbox)
{
	struct folder_reader *reader;
	struct folder_message m;
	struct buf body;
	buf_init(&body, 10000);
	assert_int_equal(folder_reader_open(tree, mailbox, &reader), 0);
	for (size_t k = 0; k < MESSAGES; k++) {
		assert_int_equal(folder_reader_next(reader, &m, &body), 1);
		check_message(&m, buf_view(&body), k);
	}
	assert_int_equal(folder_reader_next(reader, &m, &body), 0);
	folder_reader_close(reader);
	buf_done(&body);
}

static void check_all(struct world *w, bool subscriptions)
{
	struct folder_tree tree;
	char path[100];
	snprintf(path, sizeof path, "%s/out", w->root);
	assert_int_equal(folder_tree_read(path, VIEW("out"), FOLDER_UNKNOWN, &tree, world_problem, w), 0);
	assert_string_equal(buf_string(&w->problems), "");
	assert_int_equal(tree.count, PATHS);
	assert_int_equal(tree.knows_subscriptions, subscriptions);
	for (size_t i = 0; i < PATHS; i++) {
		const struct folder_mailbox *found = NULL;
		for (size_t k = 0; k < tree.count; k++)
			if (view_equal(tree.mailboxes[k].path, view_from_string(paths[i])))
				found = &tree.mailboxes[k];
		assert_non_null(found);
		if (subscriptions)
			assert_int_equal(found->subscribed, i % 2 == 0);
		check_mailbox(&tree, found);
	}
	folder_tree_done(&tree);
}

static void test_maildir(void **state)
{
	assert_int_equal(write_all(*state, FOLDER_MAILDIR), PATHS * MESSAGES);
	check_all(*state, true);
	assert_int_equal(write_all(*state, FOLDER_MAILDIR), 0);
	check_all(*state, true);
}

static void test_mbox(void **state)
{
	write_all(*state, FOLDER_MBOX);
	check_all(*state, false);
	write_all(*state, FOLDER_MBOX);
	check_all(*state, false);
}

static void test_eml(void **state)
{
	assert_int_equal(write_all(*state, FOLDER_EML), PATHS * MESSAGES);
	check_all(*state, false);
	assert_int_equal(write_all(*state, FOLDER_EML), 0);
	check_all(*state, false);
}

/* A file's name in cur, the only one there. */
static void only_file(struct world *w, char path[400])
{
	char folder[100];
	snprintf(folder, sizeof folder, "%s/out/cur", w->root);
	DIR *dir = opendir(folder);
	struct dirent *entry;
	size_t count = 0;
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.') {
			snprintf(path, 400, "%s/%s", folder, entry->d_name);
			count++;
		}
	closedir(dir);
	assert_int_equal(count, 1);
}

static void test_a_second_run_takes_flags_over(void **state)
{
	struct world *w = *state;
	struct folder_writer *writer;
	struct folder_message m = messages[0].m;
	size_t size = strlen(messages[0].body);
	char path[400];
	open_writer(w, FOLDER_MAILDIR, &writer);
	assert_int_equal(folder_writer_begin(writer, VIEW("INBOX"), true, 77, 901), 0);
	assert_false(folder_writer_has(writer, &m, size));
	assert_int_equal(folder_writer_put(writer, &m, view_from_string(messages[0].body)), 0);
	assert_int_equal(folder_writer_end(writer), 0);
	m.flags = FLAG_FLAGGED;
	m.keywords = VIEW("Later");
	assert_int_equal(folder_writer_begin(writer, VIEW("INBOX"), true, 77, 901), 0);
	assert_true(folder_writer_has(writer, &m, size));
	assert_int_equal(folder_writer_end(writer), 0);
	assert_int_equal(folder_writer_close(writer), 0);
	only_file(w, path);
	assert_non_null(strstr(path, ":2,Fa"));
	world_reads(w, "out", FOLDER_UNKNOWN,
	    "INBOX +\n  1000000001.a1.postrider,S=21,W=25 at 1000000001 uid 3 uidl uidl-1 flagged [Later]: "
	    "S: 1\\r\\n\\r\\nFrom x\\r\\n>From y\\r\\n\n");
}

/* What a power cut left half is written again. */
static void test_half_a_file_is_not_there(void **state)
{
	struct world *w = *state;
	struct folder_writer *writer;
	size_t size = strlen(messages[0].body);
	char path[400];
	open_writer(w, FOLDER_MAILDIR, &writer);
	assert_int_equal(folder_writer_begin(writer, VIEW("INBOX"), false, 77, 901), 0);
	assert_int_equal(folder_writer_put(writer, &messages[0].m, view_from_string(messages[0].body)), 0);
	assert_int_equal(folder_writer_close(writer), 0);
	only_file(w, path);
	assert_int_equal(truncate(path, 5), 0);
	open_writer(w, FOLDER_MAILDIR, &writer);
	assert_int_equal(folder_writer_begin(writer, VIEW("INBOX"), false, 77, 901), 0);
	assert_false(folder_writer_has(writer, &messages[0].m, size));
	assert_int_equal(folder_writer_put(writer, &messages[0].m, view_from_string(messages[0].body)), 0);
	assert_int_equal(folder_writer_end(writer), 0);
	assert_int_equal(folder_writer_close(writer), 0);
	only_file(w, path);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 21);
}

static void test_a_maildir_has_26_keywords(void **state)
{
	struct world *w = *state;
	struct folder_writer *writer;
	struct folder_message m = messages[0].m;
	struct buf names;
	buf_init(&names, 1000);
	for (int i = 0; i < 30; i++)
		buf_printf(&names, "%sk%d", i ? " " : "", i);
	m.keywords = buf_view(&names);
	open_writer(w, FOLDER_MAILDIR, &writer);
	assert_int_equal(folder_writer_begin(writer, VIEW("INBOX"), false, 77, 901), 0);
	assert_int_equal(folder_writer_put(writer, &m, VIEW("x")), 0);
	assert_int_equal(folder_writer_end(writer), 0);
	assert_int_equal(folder_writer_lost_keywords(writer), 4);
	assert_int_equal(folder_writer_close(writer), 0);
	buf_done(&names);
}

/* An mbox that was not finished leaves the one before it as it is. */
static void test_a_broken_run_leaves_the_old_mbox(void **state)
{
	struct world *w = *state;
	struct folder_writer *writer;
	write_all(w, FOLDER_MBOX);
	open_writer(w, FOLDER_MBOX, &writer);
	assert_int_equal(folder_writer_begin(writer, VIEW("Work"), false, 77, 901), 0);
	assert_int_equal(folder_writer_put(writer, &messages[0].m, VIEW("x")), 0);
	assert_int_equal(folder_writer_close(writer), 0);
	check_all(w, false);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_end)
	const struct CMUnitTest tests[] = {TEST(test_maildir), TEST(test_mbox), TEST(test_eml),
	    TEST(test_a_second_run_takes_flags_over), TEST(test_half_a_file_is_not_there),
	    TEST(test_a_maildir_has_26_keywords), TEST(test_a_broken_run_leaves_the_old_mbox)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
