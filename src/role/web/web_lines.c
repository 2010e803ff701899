/* See web_lines.h. */
#include "role/web/web_lines.h"

#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "mail/mail_email.h"

struct web_line {
	struct web_line *next;
	struct web_user *user;
	struct account_client client;
	struct web_transfer *transfer; /* NULL: it is free */
	uint32_t opening;              /* the question for the branch; 0: it is open */
	uint32_t last_request;
	uint64_t last_upload;
	bool upload, used; /* used: since the last sweep */
};

struct web_lines {
	struct web_line *first;
	struct web_transfer *waiting[2], **waiting_end[2]; /* downloads, uploads */
	unsigned count[2];
	struct loop_task give; /* who waits gets a line, at the end of the turn */
	struct web_user *user;
};

_Static_assert(2 * (int)WEB_LINES_EACH <= (int)MAIL_BRANCHES_MAX, "store gives so many branches");

/* ---- lines ---- */

static void unlink_line(struct web_line *line)
{
	struct web_line **at = &line->user->lines->first;
	while (*at != line)
		at = &(*at)->next;
	*at = line->next;
	line->user->lines->count[line->upload]--;
}

/* May be called from within its client's last function. */
static void close_line(struct web_line *line)
{
	unlink_line(line);
	account_client_close(&line->client);
	mem_free(line);
}

static void lose_line(struct web_line *line)
{
	struct web_transfer *t = line->transfer;
	line->transfer = NULL;
	close_line(line);
	if (t == NULL)
		return;
	t->line = NULL;
	t->handler->lost(t);
}

static void on_answer(void *arg, uint32_t request, unsigned type, const void *answer)
{
	struct web_line *line = arg;
	struct web_transfer *t = line->transfer;
	/* Of a transfer that was given up. */
	if (t == NULL || (request != t->request && type != MAIL_UPLOAD_CREDIT))
		return;
	if (type == MAIL_DONE)
		t->request = 0;
	t->handler->answer(t, type, answer);
}

static bool is_full(void *arg)
{
	struct web_line *line = arg;
	struct web_transfer *t = line->transfer;
	return t && t->handler->is_full && t->handler->is_full(t);
}

static void on_lost(void *arg)
{
	lose_line(arg);
}

static const struct account_client_handler handler = {
    .answer = on_answer, .is_full = is_full, .lost = on_lost};

static void open_line(struct web_user *user, bool upload)
{
	struct web_line *line = mem_alloc(sizeof *line);
	line->user = user;
	line->upload = upload;
	line->next = user->lines->first;
	user->lines->first = line;
	user->lines->count[upload]++;
	account_client_init(&line->client, &handler, line, NULL);
	line->opening = web_user_question(user);
	account_client_ask(&user->channel, line->opening, MAIL_BRANCH, &(struct mail_branch){0});
}

/* ---- who waits ---- */

static struct web_line *free_line(const struct web_lines *lines, bool upload)
{
	struct web_line *line = lines->first;
	while (line && (line->upload != upload || line->transfer || line->opening))
		line = line->next;
	return line;
}

static unsigned lines_opening(const struct web_lines *lines, bool upload)
{
	unsigned count = 0;
	for (const struct web_line *line = lines->first; line; line = line->next)
		count += line->upload == upload && line->opening;
	return count;
}

static struct web_transfer *take_waiting(struct web_lines *lines, bool upload)
{
	struct web_transfer *t = lines->waiting[upload];
	if (t == NULL)
		return NULL;
	lines->waiting[upload] = t->next;
	if (t->next == NULL)
		lines->waiting_end[upload] = &lines->waiting[upload];
	t->next = NULL;
	return t;
}

static void give_kind(struct web_lines *lines, bool upload)
{
	struct web_line *line;
	while (lines->waiting[upload] && (line = free_line(lines, upload)) != NULL) {
		struct web_transfer *t = take_waiting(lines, upload);
		line->transfer = t;
		line->used = true;
		t->line = line;
		t->handler->ready(t);
	}
	unsigned wanted = 0;
	for (const struct web_transfer *t = lines->waiting[upload]; t; t = t->next)
		wanted++;
	while (wanted > lines_opening(lines, upload) && lines->count[upload] < WEB_LINES_EACH)
		open_line(lines->user, upload);
}

static void give(void *arg)
{
	struct web_lines *lines = arg;
	give_kind(lines, false);
	give_kind(lines, true);
}

/* ---- transfers ---- */

static struct web_lines *lines_of(struct web_user *user)
{
	if (user->lines)
		return user->lines;
	struct web_lines *lines = mem_alloc(sizeof *lines);
	lines->user = user;
	lines->waiting_end[0] = &lines->waiting[0];
	lines->waiting_end[1] = &lines->waiting[1];
	loop_task_init(&lines->give, &user->channel.link.process->loop, give, lines);
	user->lines = lines;
	return lines;
}

void web_line_take(struct web_transfer *t)
{
	struct web_lines *lines = lines_of(t->user);
	t->line = NULL;
	t->next = NULL;
	*lines->waiting_end[t->upload] = t;
	lines->waiting_end[t->upload] = &t->next;
	loop_task_schedule(&lines->give);
}

static void stop_waiting(struct web_lines *lines, struct web_transfer *t)
{
	for (struct web_transfer **at = &lines->waiting[t->upload]; *at; at = &(*at)->next) {
		if (*at != t)
			continue;
		*at = t->next;
		if (*at == NULL)
			lines->waiting_end[t->upload] = at;
		return;
	}
}

void web_line_give_back(struct web_transfer *t)
{
	struct web_lines *lines = t->user->lines;
	struct web_line *line = t->line;
	if (lines == NULL)
		return;
	if (line == NULL) {
		stop_waiting(lines, t);
		return;
	}
	if (t->request)
		account_client_ask(&line->client, t->request, MAIL_STOP, NULL);
	line->transfer = NULL;
	t->line = NULL;
	/* What it had no room for is in the way of the next one. */
	account_client_go_on(&line->client);
	loop_task_schedule(&lines->give);
}

void web_line_ask(struct web_transfer *t, unsigned type, const void *question)
{
	uint32_t request = ++t->line->last_request;
	if (type != MAIL_UPLOAD && type != MAIL_UPLOAD_ABORT)
		t->request = request;
	account_client_ask(&t->line->client, request, type, question);
}

uint64_t web_line_upload_number(struct web_transfer *t)
{
	return ++t->line->last_upload;
}

void web_line_go_on(struct web_transfer *t)
{
	if (t->line)
		account_client_go_on(&t->line->client);
}

/* ---- the user's channel ---- */

static struct web_line *line_that_opens(struct web_user *user, uint32_t request)
{
	struct web_line *line = user->lines ? user->lines->first : NULL;
	while (line && line->opening != request)
		line = line->next;
	return line;
}

static void branched(struct web_user *user, uint32_t request, int fd)
{
	struct web_line *line = line_that_opens(user, request);
	if (line == NULL || fd < 0) {
		if (fd >= 0)
			close(fd);
		return;
	}
	line->opening = 0;
	account_client_open(&line->client, user->channel.link.process, fd);
	loop_task_schedule(&user->lines->give);
}

/* Those who wait for this one and have no other are told. */
static void answer(struct web_user *user, uint32_t request, unsigned type, const void *said)
{
	struct web_line *line =
	    type == MAIL_DONE && (request & WEB_QUESTIONS) ? line_that_opens(user, request) : NULL;
	if (line == NULL)
		return; /* it has come, or this is no answer for us */
	bool upload = line->upload;
	log_event(LOG_WARNING, "-", "web-line-refused", log_string("address", user->address),
	    log_errno((int)((const struct mail_done *)said)->error));
	close_line(line);
	if (user->lines->count[upload] > 0)
		return;
	for (struct web_transfer *t; (t = take_waiting(user->lines, upload)) != NULL;)
		t->handler->lost(t);
}

/* Lines that nobody used since the last time are closed. */
static void sweep(struct web_user *user, int64_t now)
{
	(void)now;
	for (struct web_line *line = user->lines ? user->lines->first : NULL, *next; line; line = next) {
		next = line->next;
		if (line->transfer || line->opening)
			continue;
		if (!line->used)
			close_line(line);
		else
			line->used = false;
	}
}

static void lost(struct web_user *user)
{
	struct web_lines *lines = user->lines;
	if (lines == NULL)
		return;
	while (lines->first)
		lose_line(lines->first);
	for (int upload = 0; upload < 2; upload++)
		for (struct web_transfer *t; (t = take_waiting(lines, upload)) != NULL;)
			t->handler->lost(t);
}

static void release(struct web_user *user)
{
	if (user->lines == NULL)
		return;
	while (user->lines->first)
		close_line(user->lines->first);
	loop_task_cancel(&user->lines->give);
	mem_free(user->lines);
	user->lines = NULL;
}

const struct web_user_part web_lines_part = {
    .answer = answer, .branched = branched, .lost = lost, .sweep = sweep, .release = release};
