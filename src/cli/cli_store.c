/* store: stats, check, compact, pack of the running server or of the data folder while none runs; rebuild
 * while none runs. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "account/account.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/cli_progress.h"
#include "cli/store_client.h"
#include "role/store/store_names.h"
#include "role/store/store_check.h"
#include "role/store/store_report.h"

/* ---- of the running server ---- */

/* Progress as "done total" until the last piece, which is the report. */
static void take_report(struct view text, bool last, void *arg)
{
	(void)arg;
	if (last) {
		cli_progress_end();
		fwrite(text.data, 1, text.len, stdout);
		return;
	}
	unsigned long long progress = 0, total = 0;
	char numbers[64];
	snprintf(numbers, sizeof numbers, "%.*s", VIEW_FMT(text));
	if (sscanf(numbers, "%llu %llu", &progress, &total) == 2)
		cli_progress(progress, total, NULL);
}

static int ask_server(struct cli *cli, int fd, const char *word)
{
	struct view words[] = {view_from_string(word)};
	int status = store_client_ask(fd, words, 1, cli->json, take_report, NULL);
	cli_progress_end();
	return status;
}

/* ---- of the data folder ---- */

static void folder_options(struct cli *cli, char folder[1024], struct store_options *options)
{
	snprintf(folder, 1024, "%.*s", VIEW_FMT(cli->settings.data));
	cli_become_owner(folder);
	*options = (struct store_options){
	    .folder = folder, .min_free = cli->settings.disk_reserve, .names_blobs = store_all_names_blobs};
}

static int explain(const char *folder, int error)
{
	fprintf(stderr, "postrider: %s: %s%s\n", folder, strerror(-error),
	    error == -EBUSY    ? "; a running server has it open: stop the server first"
	    : error == -EPROTO ? "; a newer version of postrider made it"
	    : error == -EACCES ? ""
	                       : "; nothing was changed or given up. The lines above name the place: remove "
	                         "the cause there, and try again");
	return error == -EBUSY ? EXIT_TEMPORARY : EXIT_UNAVAILABLE;
}

struct waiting {
	bool done;
	int result;
};

static void task_done(struct store_task *task, int result)
{
	struct waiting *w = task->arg;
	w->done = true;
	w->result = result;
}

static void accounts_checked(struct store_checking *checking, int result)
{
	struct waiting *w = checking->arg;
	w->done = true;
	w->result = result;
}

static int check_accounts(struct store *store, struct store_task *task)
{
	struct accounts accounts;
	struct waiting waiting = {0};
	struct store_checking checking = {.accounts = &accounts, .done = accounts_checked, .arg = &waiting};
	accounts_init(&accounts, store, 0);
	store_check_accounts(&checking);
	while (!waiting.done) {
		struct pollfd wait = {.fd = store_event_fd(store), .events = POLLIN};
		poll(&wait, 1, 200);
		store_dispatch(store);
	}
	accounts_done(&accounts);
	task->mailboxes = checking.mailboxes;
	task->contradictions = checking.contradictions;
	return waiting.result;
}

static int run_task(struct cli *cli, void (*start)(struct store *, struct store_task *))
{
	char folder[1024];
	struct store_options options;
	struct store *store;
	struct waiting waiting = {0};
	struct store_task task = {.done = task_done, .arg = &waiting};
	struct buf out;
	struct store_stats stats;
	folder_options(cli, folder, &options);
	int error = store_open(&options, &store);
	if (error)
		return explain(folder, error);
	start(store, &task);
	while (!waiting.done) {
		struct pollfd wait = {.fd = store_event_fd(store), .events = POLLIN};
		poll(&wait, 1, 200);
		cli_progress(atomic_load(&task.progress), atomic_load(&task.total), NULL);
		store_dispatch(store);
	}
	cli_progress_end();
	if (start == store_check && waiting.result == 0)
		waiting.result = check_accounts(store, &task);
	store_stats(store, &stats);
	/* As a running server does it: the next opening makes the index anew. */
	if (stats.index_damaged && (error = store_distrust_index(store)) != 0)
		fprintf(stderr,
		    "postrider: the index is damaged, and could not be marked for rebuilding: %s\n",
		    strerror(-error));
	store_close(store);
	buf_init(&out, 4096);
	store_admin_report(&task, waiting.result, cli->json, &out);
	fputs(buf_string(&out), stdout);
	buf_done(&out);
	if (waiting.result == 0 && (task.damaged || task.missing || task.contradictions))
		return EXIT_DATA;
	return waiting.result || task.unreadable ? EXIT_TEMPORARY : 0;
}

static int rebuild(struct cli *cli)
{
	char folder[1024];
	struct store_options options;
	uint64_t damaged = 0;
	folder_options(cli, folder, &options);
	log_set_threshold(LOG_INFO);
	int error = store_rebuild(&options, &damaged);
	if (error)
		return explain(folder, error);
	if (cli->json)
		printf("{\"damaged\":%llu}\n", (unsigned long long)damaged);
	else
		printf(
		    "the index was rebuilt; %llu damaged places were skipped\n", (unsigned long long)damaged);
	return damaged ? EXIT_DATA : 0;
}

int cli_store(struct cli *cli)
{
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	int status = cli_settings(cli);
	if (status)
		return status;
	const char *verb = cli->argv[0];
	static const struct {
		const char *verb;
		void (*start)(struct store *, struct store_task *);
	} tasks[] = {
	    {"check", store_check}, {"compact", store_compact}, {"pack", store_pack}, {"stats", NULL}};
	size_t which = 0, count = sizeof tasks / sizeof *tasks;
	if (strcmp(verb, "rebuild") == 0)
		return rebuild(cli);
	while (which < count && strcmp(verb, tasks[which].verb) != 0)
		which++;
	if (which == count)
		return cli_no_verb(cli, "check, rebuild, stats, compact, pack");
	log_set_threshold(LOG_WARNING);
	int fd = store_client_connect(&cli->settings);
	if (fd >= 0)
		return ask_server(cli, fd, verb);
	if (tasks[which].start)
		return run_task(cli, tasks[which].start);
	return store_client_no_server();
}
