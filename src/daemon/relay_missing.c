/* Parts of the relay that are on their way; each leaves this file when its own arrives (relay_policy.c waits for trust/mta_sts.c). */
#include "daemon/relay_private.h"

#include <errno.h>

#include "trust/srs.h"

bool mta_sts_allows(const struct mta_sts_policy *p, struct view h){(void)p;(void)h;return true;}
void relay_notify_close(struct relay_destination *d){(void)d;}
void relay_notify_drain(struct relay_destination *d){(void)d;}
void relay_notify_more(struct relay_destination *d){(void)d;}
void relay_notify_open(struct relay_destination *d){(void)d;}
void relay_policies_init(struct loop *l){(void)l;}
void relay_policy_find(struct relay_policy_request *r){r->found(r->arg,NULL);}
void relay_policy_forget(struct relay_policy_request *r){(void)r;}
bool srs_is(struct view v){(void)v;return false;}
int srs_forward(struct view a, struct view b, struct view c, int64_t d, struct view e, struct buf *o){(void)a;(void)b;(void)c;(void)d;(void)e;(void)o;return -EINVAL;}
int srs_reverse(struct view a, int64_t d, struct view e, struct buf *o){(void)a;(void)d;(void)e;(void)o;return -EINVAL;}
