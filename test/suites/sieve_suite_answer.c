/* The messages that a script sends by itself, as the program composes them; a refusal, as little as the suite
 * looks at. */
#include "sieve_suite.h"

#include "answer/answer.h"

/* The message that the script runs over, as it is now. */
static struct view message_bytes(const struct sieve_run *run)
{
	return run->message->bytes;
}

static bool keep_and_send(const struct answer *answer, struct buf *message)
{
	struct view bytes = suite_keep(buf_view(message));
	bool good = true;

	for (size_t i = 0; good && i < answer->recipient_count; i++)
		good = suite_send(suite_keep(answer->sender), suite_keep(answer->recipients[i]), bytes);
	return good;
}

/* The account has the address that Dovecot's setting says, or the one that the message came to. */
static struct answer_context context(const struct sieve_run *run, struct view *own)
{
	own[0] = suite_owner(run);
	own[1] = run->message->recipient;
	return (struct answer_context){.message = message_bytes(run),
	    .sender = run->message->sender,
	    .recipient = run->message->recipient,
	    .addresses = own,
	    .address_count = 2,
	    .now = {.seconds = run->world->now, .zone_known = true},
	    .id = VIEW("abcdefghijklmnop"),
	    .boundary = VIEW("abcdefghijklmnop"),
	    .arena = &suite.arena};
}

bool suite_answer(struct sieve_run *run, const struct sieve_action *action)
{
	const struct sieve_vacation *vacation = action->vacation;
	struct view own[2];
	struct answer_context c = context(run, own);
	struct answer answer = {.recipient_count = 0};
	const char *problem = "", *silent = vacation ? vacation->silent : action->notify->silent;
	struct buf message;
	bool good;

	if (silent)
		return true;
	buf_init(&message, ANSWER_MESSAGE_MAX);
	good = (vacation ? answer_vacation(&c, vacation, &answer, &message, &problem)
	                 : answer_notify(&c, action->notify, &answer, &message, &problem)) == 0;
	if (good)
		good = keep_and_send(&answer, &message);
	else
		suite_error(action->line, "%s", problem);
	buf_done(&message);
	return good;
}

bool suite_refuse(struct sieve_run *run, const struct sieve_action *action)
{
	struct answer answer = {.recipients = {run->message->sender}, .recipient_count = 1};
	struct buf message;
	bool good;

	if (view_empty(run->message->sender))
		return true;
	buf_init(&message, SUITE_FILE_MAX);
	buf_printf(&message, "From: Postmaster <postmaster@example.org>\r\nTo: <%.*s>\r\n\r\n%.*s\r\n",
	    VIEW_FMT(run->message->sender), VIEW_FMT(action->target));
	good = keep_and_send(&answer, &message);
	buf_done(&message);
	return good;
}
