/* The master's socket for administrators: each of several reloads is answered by what became of its own. */
#include "../unit.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "master/master_private.h"
#include "master/master_status.h"

static struct master *master;
static unsigned reloads;

struct visitor_here {
	struct channel channel;
	bool answered;
	uint64_t status;
	size_t len;
	char text[200];
};

static void received(void *arg, struct channel_frame *frame)
{
	struct visitor_here *v = arg;
	struct message_output m;
	struct arena arena;
	arena_init(&arena, 4096);
	assert_int_equal(frame->type, MESSAGE_OUTPUT);
	assert_int_equal(ipc_decode(frame, &m, &arena), 0);
	assert_false(v->answered);
	v->answered = true;
	v->status = m.status;
	v->len = m.text.len;
	snprintf(v->text, sizeof v->text, "%.*s", VIEW_FMT(view_take(m.text, sizeof v->text - 1)));
	arena_done(&arena);
}

static void closed(void *arg)
{
	(void)arg;
	fail();
}

static void nothing(void *arg)
{
	(void)arg;
}

static void turns(void)
{
	for (int i = 0; i < 20; i++) {
		struct loop_task task;
		loop_task_init(&task, &master->loop, nothing, NULL);
		loop_task_schedule(&task);
		loop_turn(&master->loop);
	}
}

static void ask(struct visitor_here *v, const char *word)
{
	struct sockaddr_un address;
	socklen_t len = sizeof address;
	struct message_field field = {.value = view_from_string(word)};
	struct message_command m = {.words = {.items = &field, .count = 1}};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	*v = (struct visitor_here){.answered = false};
	assert_int_equal(getsockname(master->command_fd, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, len), 0);
	channel_init(&v->channel, &master->loop, fd, received, closed, v);
	assert_int_equal(ipc_send(&v->channel, MESSAGE_COMMAND, 1, &m, -1), 0);
	turns();
}

/* The first reload's settings are good, and the roles take long for them; those of the others are not. */
static void reload(struct master *m)
{
	static char problem[300 * 1024];
	master_command_reload_begins(m);
	if (reloads++ == 0)
		return;
	memset(problem, 'x', sizeof problem);
	master_command_reloaded(m, reloads == 2 ? VIEW("a wrong setting") : view_of(problem, sizeof problem));
}

static int start(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)state;
	master = calloc(1, sizeof *master);
	loop_init(&master->loop);
	master->reload = reload;
	master->command_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	/* With no name given the kernel chooses one. */
	assert_int_equal(bind(master->command_fd, (struct sockaddr *)&address, sizeof address.sun_family), 0);
	assert_int_equal(listen(master->command_fd, 8), 0);
	master_command_serve(master);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	turns();
	assert_int_equal(master->visitor_count, 0);
	loop_watch_off(&master->command_listener.watch);
	loop_done(&master->loop);
	close(master->command_fd);
	free(master);
	return 0;
}

static void each_reload_has_its_answer(void **state)
{
	struct visitor_here first, second, third;
	(void)state;
	ask(&first, "reload");
	assert_false(first.answered);
	ask(&second, "reload");
	assert_true(second.answered);
	assert_int_equal(second.status, MASTER_STATUS_CONFIG);
	assert_string_equal(
	    second.text, "a wrong setting; the old settings and certificates stay in force\n");
	assert_false(first.answered);
	/* What is too long for an answer is cut. */
	ask(&third, "reload");
	assert_true(third.answered);
	assert_int_equal(third.status, MASTER_STATUS_CONFIG);
	assert_in_range(third.len, 100 * 1024, 128 * 1024);
	assert_false(first.answered);
	master_command_reloaded(master, (struct view){0});
	turns();
	assert_true(first.answered);
	assert_int_equal(first.status, 0);
	assert_string_equal(first.text, "");
	channel_done(&first.channel);
	channel_done(&second.channel);
	channel_done(&third.channel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(each_reload_has_its_answer, start, stop)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
