/* MTA-STS: the TXT record and the policy that anybody's web server hands out. The first byte chooses. */
#include "fuzz.h"

#include <string.h>

#include "trust/route/mta_sts.h"

static void check_policy(const struct mta_sts_policy *p)
{
	struct buf text;
	struct arena arena;
	struct mta_sts_policy again;
	check(p->mx_count <= MTA_STS_MX_MAX && p->max_age <= MTA_STS_AGE_MAX);
	check(p->mx_count > 0 || p->mode == MTA_STS_NONE);
	buf_init(&text, MTA_STS_BODY_MAX);
	arena_init(&arena, 1 << 20);
	check(mta_sts_policy_write(&text, p) == 0);
	check(mta_sts_policy_parse(buf_view(&text), &arena, &again) == 0);
	check(again.mode == p->mode && again.max_age == p->max_age && again.mx_count == p->mx_count);
	for (size_t i = 0; i < p->mx_count; i++) {
		check(view_equal(p->mx[i], again.mx[i]));
		check(mta_sts_allows(p, p->mx[i]) || p->mx[i].data[0] == '*');
		check(!mta_sts_allows(p, VIEW("")));
	}
	buf_done(&text);
	arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct view v = view_of(data + 1, size - 1);
	char id[MTA_STS_ID_MAX + 1] = "";
	if (data[0] & 1) {
		struct answer a = {.status = ANSWER_GOOD, .records = &v, .count = 1};
		if (mta_sts_record_parse(v, id) == 0 || mta_sts_id(&a, id) == 0)
			check(strlen(id) > 0 && strlen(id) <= MTA_STS_ID_MAX);
		mta_sts_content_type(v);
		return 0;
	}
	struct arena arena;
	struct mta_sts_policy policy;
	arena_init(&arena, 1 << 20);
	if (mta_sts_policy_parse(v, &arena, &policy) == 0)
		check_policy(&policy);
	arena_done(&arena);
	return 0;
}
