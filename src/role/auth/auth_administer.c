/* Questions of administration: their answers, and what the directory says to those that go to it as they are.
 * See auth_administer.h. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "role/auth/auth_administer.h"
#include "role/auth/auth_login.h"

static void wipe(struct buf *b)
{
	if (b->data)
		mem_wipe(b->data, b->cap);
	buf_done(b);
}

static void release_account(struct administering *q)
{
	wipe(&q->record);
	wipe(&q->hash);
	buf_done(&q->normal);
	if (q->credentials)
		mem_wipe(q->credentials, sizeof *q->credentials);
	mem_free(q->credentials);
}

/* ---- answers ---- */

void administer_end(
    struct administering *q, int64_t error, uint64_t number, const struct view *fields, size_t n)
{
	struct administration *a = q->channel;
	struct message_administered m = {.error = error, .number = number, .fields = {.count = n}};
	m.fields.items = arena_array(&q->arena, n + 1, sizeof(struct message_field));
	if (m.fields.items == NULL)
		m = (struct message_administered){.error = -ENOMEM};
	for (size_t i = 0; i < m.fields.count; i++)
		((struct message_field *)m.fields.items)[i].value = fields[i];
	if (q->row && q->row->changes)
		log_record(error ? LOG_WARNING : LOG_INFO, "-", "administration",
		    log_string("by", a->address),
		    log_string("operation", admin_operation_name(q->m.operation)),
		    log_text("subject", administer_field(q, 0)), log_result((int)error));
	if (!a->closing)
		ipc_send(&a->link.channel, MESSAGE_ADMINISTERED, q->request, &m, -1);
	release_account(q);
	if (q->payload.data)
		mem_wipe(q->payload.data, q->payload.cap);
	buf_done(&q->payload);
	arena_done(&q->arena);
	mem_free(q);
	a->question = NULL;
	if (a->closing)
		loop_task_schedule(&a->free);
}

void administer_refuse(struct administering *q, int64_t error, const char *text)
{
	struct view sentence = view_from_string(text);
	administer_end(q, error, 0, &sentence, 1);
}

struct view administer_field(const struct administering *q, size_t n)
{
	const struct message_field *fields = q->m.fields.items;
	return n < q->m.fields.count ? fields[n].value : (struct view){0};
}

struct view administer_who(const struct administering *q)
{
	return view_from_string(q->channel->address);
}

/* ---- the directory ---- */

void administer_changed(const struct administering *q, uint64_t account, bool revokes)
{
	(void)q;
	auth_directory_forget();
	if (account && revokes)
		auth_revoke(account, 0);
}

/* Keys are told as words, without their records, which `dkim show` prints. */
static void answer_keys(struct administering *q, const struct message_directory_answer *m)
{
	enum { EACH = 5 };
	const struct message_field *items = m->fields.items;
	struct view *fields = arena_array(&q->arena, m->fields.count + 1, sizeof *fields);
	size_t n = 0;
	for (size_t i = 0; fields && i + DIRECTORY_SIGNING_FIELDS <= m->fields.count;
	     i += DIRECTORY_SIGNING_FIELDS) {
		struct view parts[DIRECTORY_SIGNING_FIELDS], sealed;
		struct signing_key key;
		for (size_t k = 0; k < DIRECTORY_SIGNING_FIELDS; k++)
			parts[k] = items[i + k].value;
		if (!directory_signing_read(parts, &key, &sealed))
			continue;
		const struct view told[EACH] = {key.domain, key.selector,
		    view_from_string(signing_algorithm_name(key.algorithm)),
		    view_from_string(signing_state_name(key.state)), key.shown ? VIEW("1") : VIEW("")};
		memcpy(fields + n, told, sizeof told);
		n += EACH;
	}
	administer_end(q, fields ? 0 : -ENOMEM, 0, fields, fields ? n : 0);
}

static void answer_as_it_is(struct administering *q, const struct message_directory_answer *m)
{
	const struct message_field *items = m->fields.items;
	struct view *fields = arena_array(&q->arena, m->fields.count + 1, sizeof *fields);
	for (size_t i = 0; fields && i < m->fields.count; i++)
		fields[i] = items[i].value;
	administer_end(q, fields ? 0 : -ENOMEM, m->number, fields, fields ? m->fields.count : 0);
}

/* A new quota takes nothing away. */
static bool takes_away(const struct administering *q)
{
	return q->row->revokes &&
	       (q->m.operation != ADMIN_ACCOUNT_SET || view_equal(administer_field(q, 1), VIEW("disabled")));
}

/* The account whose rights may be others now; 0: none. Where no answer came, nobody knows. */
static uint64_t concerned(
    const struct administering *q, bool answered, const struct message_directory_answer *m)
{
	if (!answered)
		return q->account;
	return directory_may_have_changed(q->row->as, m->error) ? m->number : 0;
}

static bool answered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct administering *q = arg;
	struct message_directory_answer m = {.error = -EAGAIN};
	if (frame && !link_decode(link, frame, &m))
		return false;
	q->asked = 0;
	if (q->row->changes)
		administer_changed(q, concerned(q, frame != NULL, &m), takes_away(q));
	if (m.error)
		administer_end(q, m.error, 0, NULL, 0);
	else if (q->m.operation == ADMIN_KEY_LIST)
		answer_keys(q, &m);
	else
		answer_as_it_is(q, &m);
	return true;
}

void administer_pass(struct administering *q, uint64_t number, const struct view *fields, size_t n)
{
	/* What the web removes can be brought back, and a domain must be empty: whatever number was asked
	 * for. */
	if (q->row->as == DIRECTORY_ACCOUNT_DELETE || q->row->as == DIRECTORY_DOMAIN_DELETE)
		number = DIRECTORY_REMOVE_EMPTY;
	q->asked = auth_ask_directory(q->row->as, number, fields, n, answered, q);
	if (q->asked == 0)
		administer_end(q, -EAGAIN, 0, NULL, 0);
}

void administer_run_pass(struct administering *q)
{
	struct view fields[ADMIN_FIELDS_MAX];
	for (size_t i = 0; i < q->m.fields.count; i++)
		fields[i] = administer_field(q, i);
	administer_pass(q, q->m.number, fields, q->m.fields.count);
}
