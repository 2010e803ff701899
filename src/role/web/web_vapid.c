/* See web_vapid.h. */
#include "role/web/web_vapid.h"

#include "base/base64.h"
#include "role/web/web_edge.h"

enum {
	AGAIN_MS = 1000, /* keys has just begun */
	TEXT_MAX = 2 * PUSH_POINT_SIZE
};

static struct {
	struct loop_timer again;
	struct buf text;
} vapid;

static bool on_point(void *arg, struct link *link, struct channel_frame *frame)
{
	struct message_vapid_point m;
	(void)arg;
	if (frame == NULL)
		return true; /* the next one is asked */
	if (!link_decode(link, frame, &m))
		return false;
	if (m.error || m.point.len != PUSH_POINT_SIZE) {
		loop_timer_set(&vapid.again, AGAIN_MS);
		return true;
	}
	buf_clear(&vapid.text);
	base64url_encode(&vapid.text, m.point);
	return true;
}

static void ask(void *arg)
{
	(void)arg;
	calls_ask(&web_edge.keys, MESSAGE_VAPID_KEY, &(struct message_empty){0}, on_point, NULL);
}

void web_vapid_start(struct role_process *p)
{
	buf_init(&vapid.text, TEXT_MAX);
	loop_timer_init(&vapid.again, &p->loop, ask, NULL);
}

void web_vapid_ask(void)
{
	ask(NULL);
}

struct view web_vapid_key(void)
{
	return buf_view(&vapid.text);
}
