/* The keys of keys.h; values.c has the values. */
#include "account/keys.h"

#include <string.h>

static void add_number(struct account_key *k, size_t bytes, uint64_t n)
{
	entry_write_fixed(k->data + k->len, bytes, n);
	k->len += bytes;
}

static void add_bytes(struct account_key *k, const void *bytes, size_t len)
{
	if (len)
		memcpy(k->data + k->len, bytes, len);
	k->len += len;
}

struct account_key key_letter(char letter)
{
	/* Not zeroed as a whole: most keys are short, and made for each message. */
	struct account_key k;
	k.data[0] = letter;
	k.len = 1;
	return k;
}

struct account_key key_behind_letter(char letter)
{
	return key_letter((char)(letter + 1));
}

struct account_key key_head(void)
{
	return key_letter('F');
}

static struct account_key with_u32(char letter, uint32_t n)
{
	struct account_key k = key_letter(letter);
	add_number(&k, 4, n);
	return k;
}

static struct account_key with_u64(char letter, uint64_t n)
{
	struct account_key k = key_letter(letter);
	add_number(&k, 8, n);
	return k;
}

static struct account_key with_two_u32(char letter, uint32_t a, uint32_t b)
{
	struct account_key k = with_u32(letter, a);
	add_number(&k, 4, b);
	return k;
}

static struct account_key with_two_u64(char letter, uint64_t a, uint64_t b)
{
	struct account_key k = with_u64(letter, a);
	add_number(&k, 8, b);
	return k;
}

struct account_key key_mailbox(uint32_t mailbox)
{
	return with_u32('G', mailbox);
}

struct account_key key_mailbox_name(uint32_t parent, struct view name)
{
	struct account_key k = with_u32('B', parent);
	name = view_take(name, ACCOUNT_MAILBOX_NAME_MAX);
	add_bytes(&k, name.data, name.len);
	return k;
}

struct account_key key_subscriptions(void)
{
	struct account_key k = key_letter('C');
	add_bytes(&k, "S", 1);
	return k;
}

struct account_key key_subscriptions_end(void)
{
	struct account_key k = key_letter('C');
	add_bytes(&k, "T", 1);
	return k;
}

/* The path stands in the value; its 64-bit FNV-1a hash finds it. */
struct account_key key_subscription(struct view path)
{
	struct account_key k = key_subscriptions();
	uint64_t hash = 0xcbf29ce484222325u;
	for (size_t i = 0; i < path.len; i++)
		hash = (hash ^ (unsigned char)path.data[i]) * 0x100000001b3u;
	add_number(&k, 8, hash);
	return k;
}

struct account_key key_scripts(void)
{
	struct account_key k = key_letter('C');
	add_bytes(&k, "F", 1);
	return k;
}

struct account_key key_scripts_end(void)
{
	struct account_key k = key_letter('C');
	add_bytes(&k, "G", 1);
	return k;
}

struct account_key key_script(uint64_t number)
{
	struct account_key k = key_scripts();
	add_number(&k, 8, number);
	return k;
}

struct account_key key_lists(void)
{
	struct account_key k = key_letter('C');
	add_bytes(&k, "L", 1);
	return k;
}

struct account_key key_masked(uint32_t number)
{
	struct account_key k = key_letter('C');
	add_bytes(&k, "Q", 1);
	add_number(&k, 4, number);
	return k;
}

struct account_key key_file_link(uint32_t number)
{
	struct account_key k = key_letter('C');
	add_bytes(&k, "U", 1);
	add_number(&k, 4, number);
	return k;
}

bool key_read_file_link(struct view key, uint32_t *number)
{
	struct cursor c = cursor_on(view_skip(key, 2));
	if (key.len < 2 || key.data[0] != 'C' || key.data[1] != 'U')
		return false;
	*number = cursor_u32(&c);
	return cursor_ok(&c) && cursor_at_end(&c);
}

struct account_key key_people(uint16_t entry)
{
	struct account_key k = key_letter('C');
	add_bytes(&k, "X", 1);
	add_number(&k, 2, entry);
	return k;
}

struct account_key key_people_texts(uint16_t entry)
{
	struct account_key k = key_letter('C');
	add_bytes(&k, "Y", 1);
	add_number(&k, 2, entry);
	return k;
}

struct account_key key_remembered(uint32_t mailbox)
{
	struct account_key k = key_letter('C');
	add_bytes(&k, "R", 1);
	add_number(&k, 4, mailbox);
	return k;
}

struct account_key key_share(uint64_t owner, uint32_t mailbox)
{
	struct account_key k = key_letter('C');
	add_bytes(&k, "O", 1);
	add_number(&k, 8, owner);
	add_number(&k, 4, mailbox);
	return k;
}

struct account_key key_email(uint64_t emailid)
{
	return with_u64('E', emailid);
}

struct account_key key_places(uint64_t emailid)
{
	return with_u64('V', emailid);
}

struct account_key key_filed(uint64_t emailid)
{
	return with_u64('f', emailid);
}

struct account_key key_summary(uint64_t emailid)
{
	return with_u64('Z', emailid);
}

struct account_key key_message(uint32_t mailbox, uint32_t uid)
{
	return with_two_u32('M', mailbox, uid);
}

struct account_key key_flags(uint32_t mailbox, uint32_t block)
{
	return with_two_u32('O', mailbox, block);
}

struct account_key key_gone(uint32_t mailbox, uint32_t chunk)
{
	return with_two_u32('J', mailbox, chunk);
}

struct account_key key_seen(uint32_t mailbox, uint64_t user, uint32_t chunk)
{
	struct account_key k = with_u32('P', mailbox);
	add_number(&k, 8, user);
	add_number(&k, 4, chunk);
	return k;
}

enum { METADATA_NAME_AT = 1 + 4 + 8 };

struct account_key key_metadata(uint32_t mailbox, uint64_t user, struct view name)
{
	struct account_key k = with_u32('W', mailbox);
	add_number(&k, 8, user);
	name = view_take(name, sizeof k.data - METADATA_NAME_AT);
	add_bytes(&k, name.data, name.len);
	return k;
}

/* Names are text: none begins with this octet. */
struct account_key key_metadata_end(uint32_t mailbox, uint64_t user)
{
	return key_metadata(mailbox, user, VIEW("\xff"));
}

struct view key_metadata_name(struct view key)
{
	return view_skip(key, METADATA_NAME_AT);
}

struct account_key key_annotation(uint32_t mailbox, uint32_t uid, uint64_t user, struct view name)
{
	struct account_key k = with_two_u32('A', mailbox, uid);
	add_number(&k, 8, user);
	name = view_take(name, sizeof k.data - k.len);
	add_bytes(&k, name.data, name.len);
	return k;
}

struct account_key key_annotations_behind(uint32_t mailbox, uint32_t uid)
{
	struct account_key k = with_two_u32('A', mailbox, uid);
	/* No account has this number. */
	add_number(&k, 8, UINT64_MAX);
	return k;
}

struct account_key key_more_keywords(uint32_t mailbox, uint32_t uid)
{
	return with_two_u32('Q', mailbox, uid);
}

struct account_key key_keyword(uint32_t number)
{
	return with_u32('K', number);
}

struct account_key key_keyword_name(struct view name)
{
	struct account_key k = key_letter('N');
	name = view_take(name, MAIL_KEYWORD_MAX);
	for (size_t i = 0; i < name.len; i++)
		k.data[k.len++] = ascii_lower(name.data[i]);
	return k;
}

struct account_key key_thread(uint64_t hash)
{
	return with_u64('T', hash);
}

struct account_key key_thread_email(uint64_t thread, uint64_t emailid)
{
	return with_two_u64('H', thread, emailid);
}

struct account_key key_delivery_period(uint32_t period)
{
	return with_u32('D', period);
}

struct account_key key_delivery(uint32_t period, const unsigned char id[ACCOUNT_DELIVERY_ID_SIZE])
{
	struct account_key k = key_delivery_period(period);
	add_bytes(&k, id, ACCOUNT_DELIVERY_ID_SIZE);
	return k;
}

struct account_key key_log(uint64_t modseq, enum account_kind kind, uint64_t id)
{
	struct account_key k = with_u64('L', modseq);
	add_number(&k, 1, kind);
	add_number(&k, 8, id);
	return k;
}

struct account_key key_intent(uint64_t id, uint32_t part)
{
	struct account_key k = with_u64('I', id);
	add_number(&k, 4, part);
	return k;
}

struct account_key key_deleted(int64_t expiry, uint64_t emailid)
{
	return with_two_u64('U', (uint64_t)expiry, emailid);
}

struct account_key key_kept(int64_t expiry, uint64_t id)
{
	return with_two_u64('X', (uint64_t)expiry, id);
}

static bool begins(struct cursor *c, struct view key, char letter)
{
	*c = cursor_on(key);
	return cursor_u8(c) == (uint8_t)letter;
}

static bool complete(const struct cursor *c)
{
	return cursor_ok(c) && cursor_at_end(c);
}

static bool read_two_u32(struct view key, char letter, uint32_t *a, uint32_t *b)
{
	struct cursor c;
	if (!begins(&c, key, letter))
		return false;
	*a = cursor_u32(&c);
	*b = cursor_u32(&c);
	return complete(&c);
}

static bool read_two_u64(struct view key, char letter, uint64_t *a, uint64_t *b)
{
	struct cursor c;
	if (!begins(&c, key, letter))
		return false;
	*a = cursor_u64(&c);
	*b = cursor_u64(&c);
	return complete(&c);
}

bool key_read_script(struct view key, uint64_t *number)
{
	struct cursor c;
	if (!begins(&c, key, 'C') || cursor_u8(&c) != 'F')
		return false;
	*number = cursor_u64(&c);
	return complete(&c);
}

bool key_read_share(struct view key, uint64_t *owner, uint32_t *mailbox)
{
	struct cursor c;
	if (!begins(&c, key, 'C') || cursor_u8(&c) != 'O')
		return false;
	*owner = cursor_u64(&c);
	*mailbox = cursor_u32(&c);
	return complete(&c);
}

bool key_read_mailbox(struct view key, uint32_t *mailbox)
{
	struct cursor c;
	if (!begins(&c, key, 'G'))
		return false;
	*mailbox = cursor_u32(&c);
	return complete(&c);
}

bool key_read_message(struct view key, uint32_t *mailbox, uint32_t *uid)
{
	return read_two_u32(key, 'M', mailbox, uid);
}

bool key_read_email(struct view key, uint64_t *emailid)
{
	struct cursor c;
	if (!begins(&c, key, 'E'))
		return false;
	*emailid = cursor_u64(&c);
	return complete(&c);
}

bool key_read_flags(struct view key, uint32_t *mailbox, uint32_t *block)
{
	return read_two_u32(key, 'O', mailbox, block);
}

bool key_read_gone(struct view key, uint32_t *mailbox, uint32_t *chunk)
{
	return read_two_u32(key, 'J', mailbox, chunk);
}

bool key_read_keyword(struct view key, uint32_t *number)
{
	struct cursor c;
	if (!begins(&c, key, 'K'))
		return false;
	*number = cursor_u32(&c);
	return complete(&c);
}

bool key_read_seen(struct view key, uint32_t *mailbox, uint64_t *user, uint32_t *chunk)
{
	struct cursor c;
	if (!begins(&c, key, 'P'))
		return false;
	*mailbox = cursor_u32(&c);
	*user = cursor_u64(&c);
	*chunk = cursor_u32(&c);
	return complete(&c);
}

bool key_read_annotation(struct view key, uint32_t *mailbox, uint32_t *uid, uint64_t *user, struct view *name)
{
	struct cursor c;
	if (!begins(&c, key, 'A'))
		return false;
	*mailbox = cursor_u32(&c);
	*uid = cursor_u32(&c);
	*user = cursor_u64(&c);
	*name = c.rest;
	return cursor_ok(&c) && name->len > 0;
}

bool key_read_thread_email(struct view key, uint64_t *thread, uint64_t *emailid)
{
	return read_two_u64(key, 'H', thread, emailid);
}

bool key_read_log(struct view key, uint64_t *modseq, enum account_kind *kind, uint64_t *id)
{
	struct cursor c;
	if (!begins(&c, key, 'L'))
		return false;
	*modseq = cursor_u64(&c);
	*kind = (enum account_kind)cursor_u8(&c);
	*id = cursor_u64(&c);
	return complete(&c);
}

bool key_read_intent(struct view key, uint64_t *id, uint32_t *part)
{
	struct cursor c;
	if (!begins(&c, key, 'I'))
		return false;
	*id = cursor_u64(&c);
	*part = cursor_u32(&c);
	return complete(&c);
}

static bool read_expiry(struct view key, char letter, int64_t *expiry, uint64_t *id)
{
	uint64_t time;
	if (!read_two_u64(key, letter, &time, id))
		return false;
	*expiry = (int64_t)time;
	return true;
}

bool key_read_remembered(struct view key, uint32_t *mailbox)
{
	struct cursor c;
	if (!begins(&c, key, 'C') || cursor_u8(&c) != 'R')
		return false;
	*mailbox = cursor_u32(&c);
	return complete(&c);
}

bool account_key_behind(struct view key, struct account_key *next)
{
	if (key.len == 0 || key.len >= sizeof next->data)
		return false;
	memcpy(next->data, key.data, key.len);
	next->data[key.len] = '\0';
	next->len = key.len + 1;
	return true;
}

bool key_read_deleted(struct view key, int64_t *expiry, uint64_t *emailid)
{
	return read_expiry(key, 'U', expiry, emailid);
}

bool key_read_kept(struct view key, int64_t *expiry, uint64_t *id)
{
	return read_expiry(key, 'X', expiry, id);
}
