/*
 * MAIL_APPEND on an administrator's channel: mail that was elsewhere before. Each message is a delivery of
 * its own, and none waits for those before it, so that they share the syncs. They are committed in the order
 * in which they came, but for those behind a body of more than STORE_UPLOAD_MEMORY: they may overtake it. A
 * message whose delivery id is known has come before: it is answered without a UID.
 */
#include <errno.h>
#include <string.h>

#include "base/container.h"
#include "base/mem.h"
#include "mail/uid_ranges.h"
#include "role/store/right_appended.h"
#include "role/store/store_private.h"

struct importing {
	struct appended appended;
	struct right *right;
	uint32_t request;
	char uidl[ACCOUNT_UIDL_MAX];
};

static void answer(struct right *r, uint32_t request, uint32_t uid, int error)
{
	struct buf ranges;
	struct mail_done done = {.error = error};
	buf_init(&ranges, UID_RANGE_SIZE);
	if (error == 0 && uid) {
		uid_ranges_add(&ranges, uid, uid);
		struct mail_uids uids = {.ranges = buf_view(&ranges)};
		ipc_send(&r->link.channel, MAIL_UIDS, request, &uids, -1);
	}
	ipc_send(&r->link.channel, MAIL_DONE, request, &done, -1);
	buf_done(&ranges);
}

static void free_importing(struct importing *i, bool given)
{
	appended_free(&i->appended, given);
	mem_free(i);
}

static void delivered(struct account_delivery *delivery, int result)
{
	struct importing *i = container_of(delivery, struct importing, appended.delivery);
	struct right *r = i->right;
	r->imports--;
	if (right_back(r))
		answer(r, i->request, i->appended.target.uid, result);
	free_importing(i, true);
}

/* Where it goes, and what only an import knows. */
static void address(struct importing *i, const struct mail_append *m)
{
	struct account_target *target = &i->appended.target;
	target->shard = i->right->account;
	target->enforce_quota = true;
	target->quota_default = store_role.process->settings.quota_default;
	i->appended.place.number = (uint32_t)m->mailbox;
	memcpy(i->uidl, m->uidl.data ? m->uidl.data : "", m->uidl.len);
	target->uidl = view_of(i->uidl, m->uidl.len);
	if (m->delivery.len == 0)
		return;
	target->has_delivery_id = true;
	memcpy(target->delivery_id, m->delivery.data, ACCOUNT_DELIVERY_ID_SIZE);
}

void right_import(struct right *r, uint32_t request, const struct mail_append *m)
{
	bool fits = m->delivery.len == 0 || m->delivery.len == ACCOUNT_DELIVERY_ID_SIZE;
	if (r->imports == MAIL_IMPORTS_MAX || !fits || m->uidl.len > ACCOUNT_UIDL_MAX || m->account ||
	    m->mailbox == 0 || m->more || m->replace) {
		right_break(r, "import-not-valid");
		return;
	}
	struct importing *i = mem_alloc(sizeof *i);
	i->right = r;
	i->request = request;
	int error = appended_take(&i->appended, r, m);
	if (error) {
		answer(r, request, 0, error);
		free_importing(i, false);
		return;
	}
	address(i, m);
	i->appended.delivery.done = delivered;
	r->imports++;
	right_begin(r);
	account_deliver(&store_role.accounts, &i->appended.delivery);
}
