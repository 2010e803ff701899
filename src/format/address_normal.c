/* Addresses of the directory, in the normal form of format/domain.h. */
#include "format/address_normal.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/show.h"
#include "format/domain.h"

static int directory_error(int error)
{
	return error == -ENAMETOOLONG || error == -ENOBUFS ? -EMSGSIZE : error;
}

int address_join(struct view local, struct view domain, struct address *out)
{
	struct address joined = {.local_len = local.len, .len = local.len + 1 + domain.len};
	if (local.len > ADDRESS_LOCAL_MAX || domain.len > ADDRESS_DOMAIN_MAX || joined.len > ADDRESS_MAX)
		return -EMSGSIZE;
	memcpy(joined.text, local.data, local.len);
	joined.text[local.len] = '@';
	memcpy(joined.text + local.len + 1, domain.data, domain.len);
	*out = joined;
	return 0;
}

int address_normalize(struct view in, struct address *out)
{
	ptrdiff_t at = view_find_last(in, '@');
	struct view local = view_take(in, at < 0 ? 0 : (size_t)at);
	if (at < 1)
		return -EINVAL;
	/* No name contains characters that drive a terminal or end a line. */
	if (!show_is_value(in))
		return -EINVAL;
	struct buf key;
	buf_init(&key, ADDRESS_MAX);
	int error = directory_error(address_key(local, view_skip(in, (size_t)at + 1), &key));
	struct view normal = buf_view(&key);
	ptrdiff_t split = view_find_last(normal, '@');
	if (error == 0)
		error = split < 1 ? -EINVAL
		                  : address_join(view_take(normal, (size_t)split),
		                        view_skip(normal, (size_t)split + 1), out);
	buf_done(&key);
	return error;
}

int address_normalize_domain(struct view in, struct address *out)
{
	struct buf name;
	buf_init(&name, ADDRESS_DOMAIN_MAX);
	int error = in.len == 0 || in.data[0] == '[' ? -EINVAL : directory_error(domain_normalize(in, &name));
	if (error == 0) {
		*out = (struct address){.len = buf_view(&name).len};
		memcpy(out->text, buf_view(&name).data, out->len);
	}
	buf_done(&name);
	return error;
}
