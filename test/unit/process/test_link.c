/* Links and calls: an asker (smtp) and an answerer (auth) in one process, and what becomes of questions when
 * one of them goes. */
#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "process/role.h"

static struct role_process smtp, auth;
static struct calls calls;
static struct link edge; /* auth's end */
static unsigned edge_closed;

/* What auth was asked. */
static struct channel_frame asked[64];
static size_t asked_count;

/* What came of smtp's questions. */
static struct outcome {
	unsigned answers, ends;
	uint64_t verdict;
	uint32_t forget; /* this call, when the answer comes */
	bool more;       /* further answers come */
	int fd;
} outcomes[64];
static unsigned notices;

static void on_question(struct link *link, struct channel_frame *frame, const void *message)
{
	(void)message;
	(void)link;
	assert_true(asked_count < 64);
	asked[asked_count++] = *frame;
}

static void on_closed(struct link *link)
{
	(void)link;
	edge_closed++;
}

static void on_notice(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_revoke *m = message;
	(void)link;
	assert_int_equal(frame->request, 0);
	assert_true(m->account > 0);
	notices++;
}

/* Roles of this test: smtp asks and is told, auth answers one kind of question. */
static const struct link_verb question_verbs[] = {{MESSAGE_RESOLVE, on_question}, {0}},
                              notice_verbs[] = {{MESSAGE_REVOKE, on_notice}, {0}};
static const struct role_hears auth_hears[] = {{ROLE_SMTP, question_verbs}, {0}},
                               smtp_hears[] = {{ROLE_AUTH, notice_verbs}, {0}};
static const struct role_functions auth_does = {.hears = auth_hears}, smtp_does = {.hears = smtp_hears};
static const struct role auth_role_value = {.bit = ROLE_AUTH, .name = "auth", .functions = &auth_does},
                         smtp_role_value = {.bit = ROLE_SMTP, .name = "smtp", .functions = &smtp_does};

static bool on_answer(void *arg, struct link *link, struct channel_frame *frame)
{
	struct outcome *o = arg;
	struct message_resolved m;
	if (o->forget)
		calls_forget(&calls, o->forget);
	if (frame == NULL) {
		o->ends++;
		return true;
	}
	if (!link_decode(link, frame, &m))
		return false;
	o->answers++;
	o->verdict = m.verdict;
	o->fd = frame->fd;
	frame->fd = -1;
	return !o->more;
}

static void turn(void)
{
	for (int i = 0; i < 20; i++) {
		loop_turn(&smtp.loop);
		loop_turn(&auth.loop);
	}
}

static void connect_both(void)
{
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	link_open(&edge, &auth, pair[0], ROLE_SMTP, on_closed, NULL);
	calls_link(&calls, &smtp, pair[1], ROLE_AUTH);
}

static int start(void **state)
{
	(void)state;
	smtp.role = &smtp_role_value;
	auth.role = &auth_role_value;
	smtp.introduced.fd = auth.introduced.fd = -1;
	loop_init(&smtp.loop);
	loop_init(&auth.loop);
	calls_init(&calls);
	asked_count = edge_closed = notices = 0;
	memset(outcomes, 0, sizeof outcomes);
	connect_both();
	return 0;
}

static int stop(void **state)
{
	(void)state;
	calls_close(&calls);
	link_close(&edge);
	loop_done(&smtp.loop);
	loop_done(&auth.loop);
	return 0;
}

static uint32_t ask(struct outcome *o)
{
	struct message_resolve m = {.address = VIEW("a@example.test")};
	return calls_ask(&calls, MESSAGE_RESOLVE, &m, on_answer, o);
}

static void answer(uint32_t request, uint64_t verdict, int fd)
{
	struct message_resolved m = {.verdict = verdict};
	assert_int_equal(ipc_send(&edge.channel, MESSAGE_RESOLVED, request, &m, fd), 0);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void answers_find_their_questions(void **state)
{
	(void)state;
	uint32_t first = ask(&outcomes[0]), second = ask(&outcomes[1]);
	assert_true(first != 0 && second != 0 && first != second);
	turn();
	assert_int_equal(asked_count, 2);
	answer(asked[1].request, 1, -1);
	answer(asked[0].request, 2, open("/dev/null", O_RDONLY | O_CLOEXEC));
	turn();
	assert_int_equal(outcomes[0].verdict, 2);
	assert_int_equal(outcomes[1].verdict, 1);
	assert_true(outcomes[0].answers == 1 && outcomes[1].answers == 1);
	assert_true(is_open(outcomes[0].fd));
	close(outcomes[0].fd);
	assert_int_equal(calls.pending.count, 0);
	/* A second answer to a question that is over. */
	answer(first, 3, -1);
	turn();
	assert_int_equal(outcomes[0].answers, 1);
	assert_true(calls.link.up);
}

static void a_call_may_have_several_answers(void **state)
{
	(void)state;
	outcomes[0].more = true;
	uint32_t request = ask(&outcomes[0]);
	answer(request, 1, -1);
	answer(request, 2, -1);
	turn();
	assert_int_equal(outcomes[0].answers, 2);
	assert_int_equal(calls.pending.count, 1);
	outcomes[0].more = false;
	answer(request, 3, -1);
	turn();
	assert_int_equal(outcomes[0].answers, 3);
	assert_int_equal(calls.pending.count, 0);
}

static void who_forgets_hears_nothing(void **state)
{
	(void)state;
	uint32_t request = ask(&outcomes[0]);
	turn();
	calls_forget(&calls, request);
	calls_forget(&calls, request);
	calls_forget(&calls, 4711);
	int pipes[2];
	char byte;
	assert_int_equal(pipe(pipes), 0);
	answer(request, 1, pipes[1]);
	turn();
	assert_int_equal(outcomes[0].answers + outcomes[0].ends, 0);
	assert_int_equal(read(pipes[0], &byte, 1), 0); /* the descriptor that came along is closed */
	close(pipes[0]);
	calls_close(&calls);
	assert_int_equal(outcomes[0].ends, 0);
}

static void an_answer_may_forget_its_own_call_and_others(void **state)
{
	(void)state;
	uint32_t first = ask(&outcomes[0]), second = ask(&outcomes[1]);
	outcomes[0].forget = first;
	outcomes[1].forget = second;
	answer(first, 1, -1);
	turn();
	assert_int_equal(outcomes[0].answers, 1);
	outcomes[1].forget = ask(&outcomes[2]);
	answer(second, 1, -1);
	turn();
	assert_int_equal(outcomes[1].answers, 1);
	assert_int_equal(calls.pending.count, 0);
}

static void all_end_when_the_peer_dies(void **state)
{
	(void)state;
	uint32_t requests[40];
	for (size_t i = 0; i < 40; i++)
		requests[i] = ask(&outcomes[i]);
	/* Some take others with them. */
	for (size_t i = 0; i < 40; i += 2)
		outcomes[i].forget = requests[i + 1];
	for (size_t i = 1; i < 40; i += 2)
		outcomes[i].forget = requests[i - 1];
	link_close(&edge);
	turn();
	assert_false(calls.link.up);
	assert_int_equal(calls.pending.count, 0);
	for (size_t i = 0; i < 40; i += 2)
		assert_int_equal(outcomes[i].ends + outcomes[i + 1].ends, 1);
	assert_int_equal(ask(&outcomes[0]), 0);
	assert_int_equal(outcomes[0].answers, 0);
	connect_both();
	assert_true(ask(&outcomes[40]) != 0);
	answer(calls.last, 1, -1);
	turn();
	assert_int_equal(outcomes[40].answers, 1);
}

static void answers_of_an_earlier_channel_are_gone(void **state)
{
	(void)state;
	struct asked late, fresh;
	struct message_resolved m = {.verdict = 1};
	ask(&outcomes[0]);
	turn();
	assert_true(asked_begin(&late, &edge, &asked[0]));
	connect_both(); /* as after a restart of smtp: the number is used again */
	assert_int_equal(outcomes[0].ends, 1);
	calls.last = asked[0].request - 1;
	assert_int_equal(ask(&outcomes[1]), asked[0].request);
	turn();
	assert_true(asked_begin(&fresh, &edge, &asked[1]));
	assert_int_equal(edge.asked_count, 1);
	asked_answer(&late, MESSAGE_RESOLVED, &m);
	turn();
	assert_int_equal(outcomes[1].answers, 0);
	assert_int_equal(edge.asked_count, 1);
	asked_answer(&fresh, MESSAGE_RESOLVED, &m);
	turn();
	assert_int_equal(outcomes[1].answers, 1);
	assert_int_equal(edge.asked_count, 0);
	assert_int_equal(edge.asked_bytes, 0);
	/* And when it is closed. */
	ask(&outcomes[2]);
	turn();
	assert_true(asked_begin(&late, &edge, &asked[2]));
	link_close(&edge);
	asked_answer(&late, MESSAGE_RESOLVED, &m);
}

static void a_peer_has_so_many_questions_and_no_more(void **state)
{
	(void)state;
	static struct asked many[30000];
	struct message_resolved m = {.verdict = RESOLVE_TEMPORARY};
	struct channel_frame small = {.type = MESSAGE_RESOLVE, .request = 1, .payload = {"", 100}},
	                     large = {
	                         .type = MESSAGE_DIRECTORY, .request = 1, .payload = {"", CHANNEL_FRAME_MAX}};
	size_t count = 0, large_count = 0;
	while (count < 30000 && asked_begin(&many[count], &edge, &small))
		count++;
	assert_int_equal(count, 20000);
	asked_answer(&many[--count], MESSAGE_RESOLVED, &m);
	assert_true(asked_begin(&many[count], &edge, &small));
	count++;
	assert_false(asked_begin(&many[count], &edge, &small));
	while (count > 0)
		asked_answer(&many[--count], MESSAGE_RESOLVED, &m);
	turn();
	assert_int_equal(edge.asked_bytes, 0);
	while (asked_begin(&many[large_count], &edge, &large))
		large_count++;
	assert_true(large_count >= 50 && large_count <= 64); /* of 1 MB: 64 MB in all */
	link_close(&edge);
	connect_both();
	assert_true(asked_begin(&many[0], &edge, &small)); /* a new channel begins at nothing */
}

static void notices_come_without_a_question(void **state)
{
	(void)state;
	struct message_revoke m = {.account = 5};
	assert_int_equal(ipc_send(&edge.channel, MESSAGE_REVOKE, 0, &m, -1), 0);
	turn();
	assert_int_equal(notices, 1);
}

/* auth may say both to smtp; but this is not what was asked. */
static void an_answer_of_another_type_ends_the_link(void **state)
{
	(void)state;
	struct message_challenge m = {.text = VIEW("0123456789abcdef")};
	uint32_t request = ask(&outcomes[0]);
	ask(&outcomes[1]);
	turn();
	assert_int_equal(ipc_send(&edge.channel, MESSAGE_CHALLENGE, request, &m, -1), 0);
	turn();
	assert_int_equal(outcomes[0].answers, 0);
	assert_int_equal(outcomes[0].ends, 1);
	assert_int_equal(outcomes[1].ends, 1);
	assert_false(calls.link.up);
	assert_int_equal(edge_closed, 1);
}

static void what_the_peer_may_not_say_ends_the_link(void **state)
{
	(void)state;
	struct message_granted m = {0};
	uint32_t request = ask(&outcomes[0]);
	int pipes[2];
	char byte;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(ipc_send(&edge.channel, MESSAGE_GRANTED, request, &m, pipes[1]), 0);
	turn();
	assert_int_equal(outcomes[0].ends, 1);
	assert_false(calls.link.up);
	assert_int_equal(read(pipes[0], &byte, 1), 0);
	close(pipes[0]);
}

/* ---- what the tables do not have ---- */

static void refused(unsigned type, uint32_t request, const void *message, bool by_asker)
{
	unsigned closed = edge_closed;
	ask(&outcomes[0]);
	turn();
	struct channel *from = by_asker ? &calls.link.channel : &edge.channel;
	assert_int_equal(ipc_send(from, type, request, message, -1), 0);
	turn();
	assert_int_equal(edge_closed, closed + 1);
	assert_false(edge.up || calls.link.up);
	assert_int_equal(calls.pending.count, 0);
	connect_both();
}

/* Each of these fits the table of who may say what, and would decode. */
static void what_has_no_row_is_refused(void **state)
{
	(void)state;
	unsigned asked_before;
	/* Auth has a row for RESOLVE alone. */
	refused(MESSAGE_SENDER, 9, &(struct message_sender){.account = 1, .address = VIEW("a@example.test")},
	    true);
	refused(MESSAGE_LOGIN_MORE, 9, &(struct message_login_more){.cancel = 1}, true);
	/* An answer to another kind of question than the one of that number: the call ends without one. */
	refused(MESSAGE_VERDICT, calls.last + 1, &(struct message_verdict){.allowed = 1}, false);
	assert_int_equal(outcomes[0].answers, 0);
	assert_int_equal(outcomes[0].ends, 3);
	/* What answers nothing, under a number; and an answer under none. */
	refused(MESSAGE_REVOKE, calls.last + 1, &(struct message_revoke){.account = 1}, false);
	refused(MESSAGE_RESOLVED, 0, &(struct message_resolved){.verdict = 1}, false);
	assert_int_equal(notices, 0);
	/* And what has one is carried out still. */
	asked_before = (unsigned)asked_count;
	ask(&outcomes[1]);
	turn();
	assert_int_equal(asked_count, asked_before + 1);
	assert_int_equal(
	    ipc_send(&edge.channel, MESSAGE_REVOKE, 0, &(struct message_revoke){.account = 1}, -1), 0);
	turn();
	assert_int_equal(notices, 1);
}

/* ---- a successor (calls_succeed) ---- */

static struct link successor; /* the successor's end */

static void succeed(void)
{
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	link_open(&successor, &auth, pair[0], ROLE_SMTP, NULL, NULL);
	calls_succeed(&calls, &smtp, pair[1], ROLE_AUTH);
}

static void what_was_asked_before_is_answered_by_the_one_before(void **state)
{
	(void)state;
	uint32_t first = ask(&outcomes[0]), second = ask(&outcomes[1]);
	turn();
	assert_int_equal(asked_count, 2);
	succeed();
	uint32_t third = ask(&outcomes[2]);
	turn();
	assert_int_equal(asked_count, 3);
	assert_true(third != first && third != second);
	assert_ptr_equal(calls_link_of(&calls, first), &calls.old);
	assert_ptr_equal(calls_link_of(&calls, third), &calls.link);
	assert_null(calls_link_of(&calls, 0));
	/* The successor does not answer for the one before. */
	struct message_resolved m = {.verdict = 1};
	assert_int_equal(ipc_send(&successor.channel, MESSAGE_RESOLVED, first, &m, -1), 0);
	turn();
	assert_int_equal(outcomes[0].answers, 0);
	answer(first, 2, -1);
	turn();
	assert_int_equal(outcomes[0].verdict, 2);
	assert_int_equal(edge_closed, 0); /* one answer is still owed */
	answer(second, 3, -1);
	turn();
	assert_int_equal(outcomes[1].verdict, 3);
	assert_int_equal(edge_closed, 1);
	assert_int_equal(ipc_send(&successor.channel, MESSAGE_RESOLVED, third, &m, -1), 0);
	turn();
	assert_int_equal(outcomes[2].verdict, 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(outcomes[i].ends, 0);
	link_close(&successor);
}

static void one_before_that_goes_early_loses_its_own_questions_alone(void **state)
{
	(void)state;
	ask(&outcomes[0]);
	turn();
	succeed();
	ask(&outcomes[1]);
	link_close(&edge);
	turn();
	assert_int_equal(outcomes[0].ends, 1);
	assert_int_equal(outcomes[1].ends, 0);
	link_close(&successor);
	turn();
	assert_int_equal(outcomes[1].ends, 1);
}

static void what_belongs_to_a_question_goes_its_way(void **state)
{
	(void)state;
	uint32_t first = ask(&outcomes[0]);
	turn();
	succeed();
	struct link *before = calls_link_of(&calls, first);
	const struct message_resolve m = {.address = VIEW("b@example.test")};
	uint32_t more = calls_ask_over(&calls, before, MESSAGE_RESOLVE, &m, on_answer, &outcomes[1]);
	assert_true(more != 0);
	calls_say_more(&calls, first, MESSAGE_RESOLVE, &m);
	assert_true(calls_backlog(&calls, first) > 0);
	turn();
	assert_int_equal(asked_count, 3);
	assert_int_equal(calls_backlog(&calls, first), 0);
	calls_forget(&calls, first);
	calls_say_more(&calls, first, MESSAGE_RESOLVE, &m);
	assert_int_equal(calls_backlog(&calls, first), 0);
	turn();
	assert_int_equal(asked_count, 3);
	assert_int_equal(edge_closed, 0);
	answer(more, 5, -1);
	turn();
	assert_int_equal(outcomes[1].verdict, 5);
	assert_int_equal(edge_closed, 1);
	link_close(&successor);
}

static void there_are_never_three(void **state)
{
	struct link third = {0};
	(void)state;
	int pair[2];
	ask(&outcomes[0]);
	turn();
	succeed();
	ask(&outcomes[1]);
	turn();
	assert_int_equal(channel_pair(pair), 0);
	link_open(&third, &auth, pair[0], ROLE_SMTP, NULL, NULL);
	calls_succeed(&calls, &smtp, pair[1], ROLE_AUTH);
	assert_int_equal(outcomes[0].ends, 1);
	assert_int_equal(outcomes[1].ends, 0);
	turn();
	assert_int_equal(edge_closed, 1);
	assert_true(successor.up && third.up);
	link_close(&third);
	link_close(&successor);
	turn();
	assert_int_equal(outcomes[1].ends, 1);
}

static void without_questions_the_one_before_has_done(void **state)
{
	(void)state;
	succeed();
	turn();
	assert_int_equal(edge_closed, 1);
	link_close(&successor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(answers_find_their_questions, start, stop),
	    cmocka_unit_test_setup_teardown(a_call_may_have_several_answers, start, stop),
	    cmocka_unit_test_setup_teardown(who_forgets_hears_nothing, start, stop),
	    cmocka_unit_test_setup_teardown(an_answer_may_forget_its_own_call_and_others, start, stop),
	    cmocka_unit_test_setup_teardown(all_end_when_the_peer_dies, start, stop),
	    cmocka_unit_test_setup_teardown(answers_of_an_earlier_channel_are_gone, start, stop),
	    cmocka_unit_test_setup_teardown(a_peer_has_so_many_questions_and_no_more, start, stop),
	    cmocka_unit_test_setup_teardown(notices_come_without_a_question, start, stop),
	    cmocka_unit_test_setup_teardown(an_answer_of_another_type_ends_the_link, start, stop),
	    cmocka_unit_test_setup_teardown(what_the_peer_may_not_say_ends_the_link, start, stop),
	    cmocka_unit_test_setup_teardown(what_has_no_row_is_refused, start, stop),
	    cmocka_unit_test_setup_teardown(what_was_asked_before_is_answered_by_the_one_before, start, stop),
	    cmocka_unit_test_setup_teardown(
	        one_before_that_goes_early_loses_its_own_questions_alone, start, stop),
	    cmocka_unit_test_setup_teardown(what_belongs_to_a_question_goes_its_way, start, stop),
	    cmocka_unit_test_setup_teardown(there_are_never_three, start, stop),
	    cmocka_unit_test_setup_teardown(without_questions_the_one_before_has_done, start, stop),
	};
	log_set_threshold(LOG_ERROR + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
