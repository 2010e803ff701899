# What fastmail's JMAP-TestSuite needs to know of a server, for Postrider: see fastmail_suite.py.
package JMAP::TestSuite::ServerAdapter::Postrider;
use Moose;
with 'JMAP::TestSuite::ServerAdapter';

use IPC::Open2 ();

# Of the session object.
has session_uri => (is => 'ro', required => 1);
# A command that makes an account; its address is added, and the password is its input.
has add_account => (is => 'ro', isa => 'ArrayRef', required => 1);
has domain      => (is => 'ro', required => 1);

my $password = 'suite-horse-staple';
my $count    = 0;
my $shared;

sub any_account {
  my ($self) = @_;
  return $shared //= $self->pristine_account;
}

sub pristine_account {
  my ($self) = @_;
  my $address = "jt-$$-" . $count++ . '@' . $self->domain;
  my $pid = IPC::Open2::open2(my $out, my $in, @{ $self->add_account }, $address);
  print $in "$password\n";
  close $in;
  my $said = join '', <$out>;
  waitpid $pid, 0;
  die "no account could be made: $said\n" if $?;
  my $account = JMAP::TestSuite::Account::Postrider->new({ server => $self, address => $address, accountId => '' });
  $account->accountId;
  return $account;
}

package JMAP::TestSuite::Account::Postrider {
  use Moose;
  use MIME::Base64 ();
  use JMAP::TestSuite::JMAP::Tester::WithSugar;
  with 'JMAP::TestSuite::Account';

  has address => (is => 'ro', required => 1);

  around accountId => sub {
    my ($orig, $self) = @_;
    return $self->tester->primary_account_for('urn:ietf:params:jmap:mail');
  };

  sub authenticated_tester {
    my ($self) = @_;
    my $session = $self->server->session_uri;
    # The suite leaves the account out, as the first drafts of JMAP did.
    my $defaults = {};
    my $tester = JMAP::TestSuite::JMAP::Tester::WithSugar->new({ authentication_uri => $session, default_arguments => $defaults });
    my $lwp = $tester->ua->lwp;
    $lwp->default_header(Authorization => 'Basic ' . MIME::Base64::encode_base64($self->address . ':' . $password, ''));
    my $auth = $tester->update_client_session($session);
    die 'no session: ' . $auth->http_response->as_string unless $auth->is_success;
    $defaults->{accountId} = $tester->primary_account_for('urn:ietf:params:jmap:mail');
    # The suite reads the session where it posts requests, as Cyrus has it.
    my $api = $tester->api_uri;
    $lwp->add_handler(request_prepare => sub {
      my ($request) = @_;
      $request->uri($session) if $request->method eq 'GET' && $request->uri eq $api;
      return;
    });
    return $tester;
  }

  no Moose;
  __PACKAGE__->meta->make_immutable;
}

no Moose;
__PACKAGE__->meta->make_immutable;
