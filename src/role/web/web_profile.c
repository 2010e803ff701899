/* See web_profile.h. */
#include "role/web/web_profile.h"

#include "base/mem.h"
#include "format/address_normal.h"
#include "http/http_url.h"
#include "process/mail_profile.h"
#include "role/web/web_edge.h"

enum { TEXT_MAX = 4096 };

struct asking {
	struct web_exchange *e;
	struct buf typed;
	struct view address; /* in `typed` */
	uint32_t asked;
};

static void reply(struct web_exchange *e, struct buf *profile)
{
	http_exchange_add(e->x, "content-disposition", VIEW("attachment; filename=\"mail.mobileconfig\""));
	http_exchange_reply_buf(e->x, 200, VIEW("application/x-apple-aspen-config"), profile);
}

static void reply_unsigned(struct asking *a)
{
	struct buf profile;
	buf_init(&profile, MAIL_PROFILE_MAX);
	if (mail_profile_write(edge_settings(), a->address, &profile) == 0)
		reply(a->e, &profile);
	else
		web_exchange_unavailable(a->e);
	buf_done(&profile);
}

static bool on_signed(void *arg, struct link *link, struct channel_frame *frame)
{
	struct asking *a = arg;
	struct web_exchange *e = a->e;
	struct message_profile_signed m = {.error = 0};
	struct buf profile;
	if (frame && !link_decode(link, frame, &m))
		return false;
	a->asked = 0;
	buf_init(&profile, PROFILE_SIGNED_MAX);
	if (frame && m.error == 0 && m.bytes.len > 0 && buf_append(&profile, m.bytes) == 0)
		reply(e, &profile);
	else
		reply_unsigned(a);
	buf_done(&profile);
	web_exchange_touch(e);
	return true;
}

static void begin(struct web_exchange *e)
{
	struct address normal;
	struct asking *a = e->data = mem_alloc(sizeof *a);
	*a = (struct asking){.e = e};
	buf_init(&a->typed, TEXT_MAX);
	if (http_query_get(http_exchange_query(e->x), "address", &a->typed) == 0)
		a->address = view_trim(buf_view(&a->typed));
	if (a->address.len == 0 || address_normalize(a->address, &normal) != 0) {
		web_exchange_refuse(e, 400, NULL, NULL,
		    "The profile needs your address: /mobileconfig?address=you@example.org");
		return;
	}
	struct message_sign_profile question = {.address = a->address};
	a->asked = calls_ask(&web_edge.keys, MESSAGE_SIGN_PROFILE, &question, on_signed, a);
	if (a->asked == 0)
		reply_unsigned(a);
}

static void over(struct web_exchange *e, bool whole)
{
	struct asking *a = e->data;
	(void)whole;
	if (a == NULL)
		return;
	if (a->asked)
		calls_forget(&web_edge.keys, a->asked);
	buf_done(&a->typed);
	mem_free(a);
}

const struct web_route web_profile_routes[] = {
    {"GET", "/mobileconfig", 0, begin, NULL, NULL, over},
    {0},
};
