/* What an administrator's channel may ask of scripts: those of its own account, or the server's, and no
 * others. */
#include <errno.h>
#include <string.h>

#include "account/scripts.h"
#include "mail_world.h"
#include "role/store/right.h"
#include "../../account/support.h"
#include "../../unit.h"

struct session {
	struct link link;
	bool done, lost;
	struct mail_done end;
	char names[4096]; /* of the entries, "*" behind the active one */
	struct script_entry entry;
	struct buf text;
	unsigned pieces, lasts;
};

static struct session alice, bob, server;

/* ---- the other end ---- */

static void on_done(struct link *link, struct channel_frame *frame, const void *message)
{
	struct session *s = link->arg;
	(void)frame;
	s->done = true;
	s->end = *(const struct mail_done *)message;
}

static void on_entry(struct link *link, struct channel_frame *frame, const void *message)
{
	struct session *s = link->arg;
	size_t at = strlen(s->names);
	(void)frame;
	s->entry = *(const struct script_entry *)message;
	snprintf(s->names + at, sizeof s->names - at, "%s%.*s%s", at ? " " : "", VIEW_FMT(s->entry.name),
	    s->entry.active ? "*" : "");
}

static void on_bytes(struct link *link, struct channel_frame *frame, const void *message)
{
	struct session *s = link->arg;
	const struct script_bytes *m = message;
	(void)frame;
	buf_append(&s->text, m->bytes);
	s->pieces++;
	s->lasts += m->last != 0;
}

static const struct link_verb verbs[] = {
    {MAIL_DONE, on_done}, {SCRIPT_ENTRY, on_entry}, {SCRIPT_BYTES, on_bytes}, {0}};
static const struct role_hears hears[] = {{ROLE_STORE, verbs}, {0}};
static const struct role_functions functions = {.hears = hears};
static const struct role admin_role = {ROLE_ADMIN, "admin", .functions = &functions};

static void closed(struct link *link)
{
	struct session *s = link->arg;
	s->lost = true;
}

static void open_as(struct session *s, uint64_t shard, unsigned permissions)
{
	int pair[2];
	memset(s, 0, sizeof *s);
	buf_init(&s->text, 4 << 20);
	assert_int_equal(channel_pair(pair), 0);
	right_open(shard, permissions, ROLE_ADMIN, pair[0]);
	link_open(&s->link, mail_world_edge(), pair[1], ROLE_STORE, closed, s);
	mail_world_settle();
}

static void close_session(struct session *s)
{
	link_close(&s->link);
	mail_world_settle();
	buf_done(&s->text);
}

static int64_t ask(struct session *s, unsigned type, const void *question)
{
	static uint32_t request;
	s->done = false;
	s->names[0] = '\0';
	s->pieces = s->lasts = 0;
	buf_clear(&s->text);
	assert_int_equal(ipc_send(&s->link.channel, type, ++request, question, -1), 0);
	mail_world_settle();
	assert_true(s->done);
	return s->end.error;
}

static const char *list(struct session *s)
{
	assert_int_equal(ask(s, SCRIPT_LIST, &(struct script_list){0}), 0);
	return s->names;
}

/* ---- what is there ---- */

struct putting {
	struct account_script_put put;
	bool done;
	int result;
};

static void was_put(struct account_script_put *p, int result)
{
	struct putting *w = p->arg;
	w->done = true;
	w->result = result;
}

static uint64_t put(uint64_t shard, uint8_t place, const char *name, struct view text)
{
	struct putting w = {.put = {.shard = shard,
	                        .which = {.place = place, .name = view_from_string(name)},
	                        .text = text,
	                        .form = VIEW("form"),
	                        .done = was_put,
	                        .arg = &w}};
	account_script_put(&store_role.accounts, &w.put);
	test_wait(store_role.store, &w.done);
	assert_int_equal(w.result, 0);
	return w.put.number;
}

static int begin(void **state)
{
	(void)state;
	mail_world_begin();
	mail_world_edge()->role = &admin_role;
	for (unsigned i = 1; i <= 2; i++)
		mail_world_account(i);
	open_as(&alice, test_account(1), RIGHT_SCRIPTS);
	open_as(&bob, test_account(2), RIGHT_MAIL | RIGHT_SCRIPTS);
	open_as(&server, ACCOUNT_SERVER, RIGHT_SCRIPTS);
	return 0;
}

static int end(void **state)
{
	(void)state;
	close_session(&alice);
	close_session(&bob);
	close_session(&server);
	mail_world_end();
	return 0;
}

/* ---- tests ---- */

static void test_one_account(void **state)
{
	(void)state;
	assert_string_equal(list(&alice), "");
	uint64_t number = put(test_account(1), SCRIPT_OWN, "main", VIEW("keep;"));
	put(test_account(1), SCRIPT_OWN, "away", VIEW("stop;"));
	assert_int_equal(ask(&alice, SCRIPT_ACTIVATE, &(struct script_activate){.name = VIEW("main")}), 0);
	assert_int_equal(alice.end.number, 0);
	assert_string_equal(list(&alice), "away main*");
	assert_int_equal(alice.end.number, number);
	assert_int_equal(alice.end.messages, 2);
	assert_int_equal(alice.end.uidnext, 10);

	assert_int_equal(ask(&alice, SCRIPT_GET, &(struct script_get){.number = number}), 0);
	assert_string_equal(alice.names, "main*");
	assert_int_equal(alice.entry.size, 5);
	assert_string_equal(buf_string(&alice.text), "keep;");

	assert_int_equal(ask(&alice, SCRIPT_REMOVE, &(struct script_remove){.number = number}), -EBUSY);
	assert_int_equal(
	    ask(&alice, SCRIPT_RENAME, &(struct script_rename){.number = number, .to = VIEW("away")}),
	    -EEXIST);
	assert_int_equal(
	    ask(&alice, SCRIPT_RENAME, &(struct script_rename){.number = number, .to = VIEW("a/b")}),
	    -EINVAL);
	assert_int_equal(
	    ask(&alice, SCRIPT_RENAME, &(struct script_rename){.number = number, .to = VIEW("first")}), 0);
	assert_string_equal(list(&alice), "away first*");
	assert_int_equal(ask(&alice, SCRIPT_ACTIVATE, &(struct script_activate){0}), 0);
	assert_int_equal(alice.end.number, number);
	assert_int_equal(ask(&alice, SCRIPT_REMOVE, &(struct script_remove){.number = number}), 0);
	assert_string_equal(list(&alice), "away");

	struct script_space space = {.name = VIEW("new"), .size = SCRIPT_SIZE_MAX};
	assert_int_equal(ask(&alice, SCRIPT_SPACE, &space), 0);
	space.size++;
	assert_int_equal(ask(&alice, SCRIPT_SPACE, &space), -EFBIG);
	space.name = VIEW("..");
	space.size = 1;
	assert_int_equal(ask(&alice, SCRIPT_SPACE, &space), -EINVAL);
}

static void test_large_text(void **state)
{
	static char text[SCRIPT_SIZE_MAX];
	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + i % 23);
	put(test_account(1), SCRIPT_OWN, "large", view_of(text, sizeof text));
	assert_int_equal(ask(&alice, SCRIPT_GET, &(struct script_get){.name = VIEW("large")}), 0);
	assert_int_equal(alice.pieces, sizeof text / SCRIPT_PIECE_MAX);
	assert_int_equal(alice.lasts, 1);
	assert_true(view_equal(buf_view(&alice.text), view_of(text, sizeof text)));
	put(test_account(1), SCRIPT_OWN, "empty", VIEW(""));
	assert_int_equal(ask(&alice, SCRIPT_GET, &(struct script_get){.name = VIEW("empty")}), 0);
	assert_int_equal(alice.pieces, 1);
	assert_int_equal(alice.lasts, 1);
}

/* Every question, with the numbers and names of somebody else's scripts: as if there were none. */
static void test_isolation(void **state)
{
	(void)state;
	put(test_account(1), SCRIPT_OWN, "secret of alice", VIEW("keep;"));
	uint64_t number = put(test_account(1), SCRIPT_OWN, "second", VIEW("keep;"));
	put(ACCOUNT_SERVER, SCRIPT_BEFORE, "spam", VIEW("keep;"));
	assert_string_equal(list(&bob), "");
	struct view names[] = {VIEW("secret of alice"), VIEW("second"), VIEW("")};
	for (size_t i = 0; i < 3; i++) {
		uint64_t by = view_empty(names[i]) ? number : 0;
		assert_int_equal(
		    ask(&bob, SCRIPT_GET, &(struct script_get){.number = by, .name = names[i]}), -ENOENT);
		assert_string_equal(bob.names, "");
		assert_int_equal(bob.pieces, 0);
		assert_int_equal(
		    ask(&bob, SCRIPT_ACTIVATE, &(struct script_activate){.number = by, .name = names[i]}),
		    -ENOENT);
		assert_int_equal(
		    ask(&bob, SCRIPT_REMOVE, &(struct script_remove){.number = by, .name = names[i]}),
		    -ENOENT);
		assert_int_equal(
		    ask(&bob, SCRIPT_RENAME,
		        &(struct script_rename){.number = by, .name = names[i], .to = VIEW("mine")}),
		    -ENOENT);
	}
	/* The server's are in no place of an account's. */
	for (uint64_t place = SCRIPT_BEFORE; place <= SCRIPT_GLOBAL; place++) {
		struct script_get get = {.place = place, .name = VIEW("spam")};
		struct script_remove gone = {.place = place, .name = VIEW("spam")};
		struct script_rename rename = {.place = place, .name = VIEW("spam"), .to = VIEW("x")};
		struct script_space space = {.place = place, .name = VIEW("spam"), .size = 1};
		assert_int_equal(ask(&bob, SCRIPT_GET, &get), -EINVAL);
		assert_int_equal(ask(&bob, SCRIPT_REMOVE, &gone), -EINVAL);
		assert_int_equal(ask(&bob, SCRIPT_RENAME, &rename), -EINVAL);
		assert_int_equal(ask(&bob, SCRIPT_SPACE, &space), -EINVAL);
	}
	assert_string_equal(list(&alice), "second secret of alice");
	assert_string_equal(list(&server), "spam");
}

static void test_server(void **state)
{
	(void)state;
	assert_string_equal(list(&server), "");
	put(ACCOUNT_SERVER, SCRIPT_GLOBAL, "lists", VIEW("stop;"));
	put(ACCOUNT_SERVER, SCRIPT_BEFORE, "spam", VIEW("keep;"));
	assert_string_equal(list(&server), "spam lists");
	assert_int_equal(server.entry.place, SCRIPT_GLOBAL);
	struct script_get get = {.place = SCRIPT_GLOBAL, .name = VIEW("lists")};
	assert_int_equal(ask(&server, SCRIPT_GET, &get), 0);
	assert_string_equal(buf_string(&server.text), "stop;");
	get.place = SCRIPT_AFTER;
	assert_int_equal(ask(&server, SCRIPT_GET, &get), -ENOENT);
	get.place = SCRIPT_OWN;
	assert_int_equal(ask(&server, SCRIPT_GET, &get), -EINVAL);
	assert_int_equal(
	    ask(&server, SCRIPT_ACTIVATE, &(struct script_activate){.name = VIEW("spam")}), -EINVAL);
}

/* Without the permission the channel ends. */
static void test_permission(void **state)
{
	struct session other;
	(void)state;
	open_as(&other, test_account(1), RIGHT_MAIL);
	ipc_send(&other.link.channel, SCRIPT_LIST, 1, &(struct script_list){0}, -1);
	mail_world_settle();
	assert_true(other.lost);
	assert_false(other.done);
	close_session(&other);
	open_as(&other, ACCOUNT_SERVER, RIGHT_SCRIPTS);
	ipc_send(&other.link.channel, MAIL_MAILBOXES, 1, &(struct mail_mailboxes){0}, -1);
	mail_world_settle();
	assert_true(other.lost);
	close_session(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_one_account, begin, end),
	    cmocka_unit_test_setup_teardown(test_large_text, begin, end),
	    cmocka_unit_test_setup_teardown(test_isolation, begin, end),
	    cmocka_unit_test_setup_teardown(test_server, begin, end),
	    cmocka_unit_test_setup_teardown(test_permission, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
