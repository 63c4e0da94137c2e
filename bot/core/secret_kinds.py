"""Secrets that are known by how they begin: for each its prefix, what follows, and where that is published.

A prefix stays readable, since it says what was masked; alternatives stand between spaces. `length` counts the
characters after it without which it is none, `rest` and `more` are what follows those; `sure` counts those
after which an unfinished one, at the very end of a text, must be one. Where a vendor publishes no form, the
source is a list of those that were found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from bot.core.secret_values import is_placeholder

_GITLEAKS = "https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml"

_HEX, _LOWER, _UPPER, _ALNUM = "[0-9a-fA-F]", "[0-9a-z]", "[0-9A-Z]", "[0-9A-Za-z]"
_WORD, _URL, _BASE64 = "[0-9A-Za-z_]", "[0-9A-Za-z_-]", "[0-9A-Za-z+/=]"
_DOTTED = "[0-9A-Za-z_.=-]"


class SecretKind(NamedTuple):
    """One way to begin a secret."""

    prefixes: str
    alphabet: str
    length: int
    sure: int
    source: str
    rest: str = ""
    more: str = ""

    def pattern(self, length: int) -> str:
        """Return a pattern for `length` characters or more, with an empty group at its end.

        Each branch begins with a character, which the engine looks at before it goes into the branch.
        """
        body = f"{self.alphabet}{{{length},}}{self.rest}"
        return "|".join(f"{prefix}{body}()" for prefix in self.prefixes.split(" "))


_AWS_KEYS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"
_BEDROCK = "https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html"
_SLACK = "https://docs.slack.dev/authentication/tokens"
_GITHUB = "https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/"
_GITLAB = "https://docs.gitlab.com/security/tokens/"
_JWT = "https://www.rfc-editor.org/rfc/rfc7519"
_GRAFANA = "https://grafana.com/docs/grafana/latest/administration/service-accounts/"
_DOPPLER = "https://docs.doppler.com/reference/auth-token-formats"
_VAULT = "https://developer.hashicorp.com/vault/docs/concepts/tokens"
_SHOPIFY = "https://shopify.dev/changelog/length-of-the-shopify-access-token-is-increasing"
_STRIPE = "https://docs.stripe.com/keys"
_SQUARE = "https://developer.squareup.com/docs/build-basics/access-tokens"
_SONAR = "https://docs.sonarsource.com/sonarqube-server/latest/user-guide/managing-tokens/"
_GOOGLE = "https://cloud.google.com/docs/authentication/token-types"
_PEM = "https://www.rfc-editor.org/rfc/rfc7468"

# A JSON web token is base64 of an object whose first name is one of a header's, or one before another object.
_HEADER = r"(?=hbGci|0eXAi|raWQi|lbmMi|jdHki|[0-9A-Za-z_-]{5,200}\.eyJ|rIjoi)"
# The secret key of AWS where it follows its id, as in a table.
_AWS_PAIR = r"""(?:[\s,;:|"']{1,4}(?:[0-9A-Za-z/+]{40}(?![0-9A-Za-z/+])|[0-9A-Za-z/+]{16,39}\Z))?"""
# Base64 of PEM but for what is public: CERTIFICATE, PUBLIC KEY, PGP PUBLIC, PGP MESSAGE, PGP SIGNATURE.
_PRIVATE = "(?!BDRVJUS|BQVUJM|BSU0EgUFVC|BQR1AgUFVC|BQR1AgTUVT|BQR1AgU0lH|BYNTA5|BUUlVT)"

KINDS: Mapping[str, SecretKind] = {
    "Slack token": SecretKind(r"xox[a-z](?:\.xox[a-z])?- xapp-", "[0-9A-Za-z-]", 1, 1, _SLACK),
    "AWS access key id": SecretKind("A(?:KIA|SIA|BIA|CCA)", _UPPER, 4, 4, _AWS_KEYS, more=_AWS_PAIR),
    "AWS access key id, old": SecretKind("A3T(?=[A-Z0-9])", _UPPER, 17, 8, _AWS_KEYS),
    "Bedrock API key": SecretKind("ABSK(?=[A-Za-z0-9+/]{8})", _BASE64, 8, 8, _BEDROCK),
    "Bedrock short-term API key": SecretKind("bedrock-api-key-", "[0-9A-Za-z+/=_-]", 1, 1, _BEDROCK),
    "GitHub token": SecretKind("gh[oprsu]_ github_pat_", _WORD, 1, 1, _GITHUB),
    "GitLab token": SecretKind(
        "gl(?:pat|ptt|cbt|rt|rtr|dt|oas|ft|imt|agent|ffct|soat|wt)-", "[0-9A-Za-z_.-]", 8, 4, _GITLAB
    ),
    "GitLab runner registration token": SecretKind("GR1348941", _URL, 8, 4, _GITLAB),
    "GitLab session": SecretKind("_gitlab_session=", _ALNUM, 8, 4, _GITLAB),
    "JSON web token": SecretKind(f"eyJ{_HEADER}", r"[0-9A-Za-z_.=/\\-]", 1, 1, _JWT),
    "JSON web token in base64": SecretKind("ZXlK(?=[a-z0-9A-Z]{2})", _BASE64, 60, 12, _JWT),
    "private key in base64": SecretKind(
        f"LS0tLS1CRUdJTi{_PRIVATE}", _BASE64, 12, 12, _PEM, more=rf"(?:\s{_BASE64}{{20,}})*"
    ),
    "private key without its first line": SecretKind(
        "MII[A-Za-z0-9+/]{2}(?:[A-Za-z0-9+/]IBA[AD]|gIBAAKC) MIG[HT]AgEAMB MHcCAQEEI MC4CAQAwBQYDK2V"
        " b3BlbnNzaC1rZXktdjE",
        _BASE64, 48, 48, _PEM,
        more=rf"(?:\s{{1,6}}{_BASE64}{{20,}})*(?:\s{{1,6}}{_BASE64}{{1,80}}(?=\s{{0,6}}-----END))?",
    ),
    "OpenAI, Anthropic": SecretKind(
        "sk-(?:ant-(?:api|admin|oat)[0-9]{2}-|proj-|svcacct-|admin-|or-v1-|lf-)", _URL, 8, 3,
        "https://platform.openai.com/docs/api-reference/authentication",
    ),
    "OpenAI, DeepSeek": SecretKind("sk-", _ALNUM, 20, 12, "https://platform.openai.com/docs/api-reference/authentication"),
    "Google API key": SecretKind("AIza", _URL, 30, 4, _GOOGLE),
    "Google OAuth secret": SecretKind("GOCSPX-", _URL, 8, 3, _GOOGLE),
    "Google OAuth token": SecretKind(r"ya29\.", _DOTTED, 8, 3, _GOOGLE),
    "Google refresh token": SecretKind("1//0", _URL, 30, 12, _GOOGLE),
    "Hugging Face": SecretKind("hf_ api_org_", _ALNUM, 30, 12, "https://huggingface.co/docs/hub/security-tokens"),
    "Groq": SecretKind("gsk_", _ALNUM, 20, 8, "https://console.groq.com/docs/quickstart"),
    "xAI": SecretKind("xai-", _ALNUM, 40, 12, "https://docs.x.ai/docs/tutorial"),
    "Replicate": SecretKind("r8_", _ALNUM, 30, 10, "https://replicate.com/docs/topics/security/api-tokens"),
    "Perplexity": SecretKind("pplx-", _ALNUM, 20, 8, "https://docs.perplexity.ai/guides/getting-started"),
    "Stripe": SecretKind("[rs]k_(?:test|live|prod)_ whsec_", _BASE64, 10, 3, _STRIPE),
    "Shopify": SecretKind("shp(?:at|ca|pa|ss|ua)_", _HEX, 10, 3, _SHOPIFY),
    "Square": SecretKind("sq0(?:atp|csp|idp)-", _URL, 10, 3, _SQUARE),
    "Square access token": SecretKind("EAAA", _URL, 40, 16, _SQUARE),
    "Facebook": SecretKind("EAA(?=[MC])", _ALNUM, 60, 16, "https://developers.facebook.com/docs/facebook-login/guides/access-tokens"),
    "Facebook app": SecretKind(r"[0-9]{15,16}\|", _URL, 27, 10, "https://developers.facebook.com/docs/facebook-login/guides/access-tokens"),
    "SendGrid": SecretKind(r"SG\.", "[0-9A-Za-z_.=-]", 40, 8, "https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys"),
    "Brevo": SecretKind("x(?:keysib|smtpsib)-", "[0-9A-Za-z-]", 16, 4, "https://developers.brevo.com/docs/getting-started"),
    "Twilio": SecretKind("SK", _HEX, 32, 16, "https://www.twilio.com/docs/iam/api-keys"),
    "Mailgun": SecretKind("pubkey- key-", "[0-9a-f]", 32, 12, "https://documentation.mailgun.com/docs/mailgun/api-reference/authentication/"),
    "npm": SecretKind("npm_", _ALNUM, 36, 12, "https://docs.npmjs.com/about-access-tokens"),
    "PyPI": SecretKind("pypi-", _URL, 40, 10, "https://pypi.org/help/#apitoken"),
    "RubyGems": SecretKind("rubygems_", _HEX, 20, 6, "https://guides.rubygems.org/api-key-scopes/"),
    "NuGet": SecretKind("oy2", _LOWER, 43, 16, "https://learn.microsoft.com/nuget/nuget-org/publish-a-package"),
    "Clojars": SecretKind("CLOJARS_", _ALNUM, 60, 16, "https://github.com/clojars/clojars-web/wiki/Deploy-Tokens"),
    "Docker Hub": SecretKind("dckr_[po]at_", _URL, 10, 3, "https://docs.docker.com/security/access-tokens/"),
    "Atlassian": SecretKind("AT(?:ATT3|CTT3|BB)(?=[0-9A-Za-z])", _DOTTED, 20, 8, "https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/"),
    "Databricks": SecretKind("dapi", "[0-9a-f]", 32, 10, "https://docs.databricks.com/aws/en/dev-tools/auth/pat"),
    "DigitalOcean": SecretKind("do[opr]_v1_", "[0-9a-fA-F]", 10, 3, "https://docs.digitalocean.com/reference/api/create-personal-access-token/"),
    "Doppler": SecretKind(r"dp\.(?:pt|st|sa|ct|scim|audit)\.", "[0-9A-Za-z_.-]", 20, 6, _DOPPLER),
    "Dropbox": SecretKind(r"sl\.(?=[A-Za-z0-9_-]{40})", _URL, 40, 40, "https://developers.dropbox.com/oauth-guide"),
    "Dynatrace": SecretKind(r"dt0[a-z][0-9]{2}\.", r"[0-9A-Za-z.]", 20, 6, "https://docs.dynatrace.com/docs/manage/identity-access-management/access-tokens-and-oauth-clients/access-tokens"),
    "Fly.io": SecretKind("fo1_ fm1[ar]_ fm2_", "[0-9A-Za-z+/=_-]", 30, 10, "https://fly.io/docs/security/tokens/"),
    "Grafana": SecretKind("gl(?:c|sa)_", "[0-9A-Za-z+/=_]", 20, 6, _GRAFANA),
    "HashiCorp Vault": SecretKind(r"hv[bsr]\.", _URL, 20, 6, _VAULT),
    "HashiCorp Vault, old": SecretKind(
        r"[sb](?<![\w.].)\.(?=[a-z]{0,23}[0-9A-Z])(?=[0-9A-Z]{0,23}[a-z])",
        _ALNUM, 24, 24, _VAULT, r"(?![\w.(])",
    ),
    "HCP Terraform": SecretKind(r"[0-9A-Za-z]{14}\.atlasv1\.", _DOTTED, 20, 3, "https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens"),
    "Heroku": SecretKind("HRKU-", _URL, 20, 6, "https://devcenter.heroku.com/articles/authentication"),
    "Azure": SecretKind(r"[0-9A-Za-z_~.]{3}[0-9]Q~", "[0-9A-Za-z_~.-]", 20, 3, "https://learn.microsoft.com/entra/identity-platform/quickstart-register-app"),
    "Alibaba Cloud": SecretKind("LTAI", _ALNUM, 12, 8, "https://www.alibabacloud.com/help/en/ram/user-guide/create-an-accesskey-pair"),
    "Tencent Cloud": SecretKind("AKID", _ALNUM, 32, 12, "https://www.tencentcloud.com/document/product/598/32675"),
    "Yandex Cloud": SecretKind("AQVN", _URL, 35, 12, "https://yandex.cloud/en/docs/iam/concepts/authorization/api-key"),
    "Yandex Cloud token": SecretKind(r"t1\.(?=[0-9A-Za-z_-]{8})", _DOTTED, 40, 12, "https://yandex.cloud/en/docs/iam/concepts/authorization/iam-token"),
    "Yandex Cloud static key": SecretKind("YC(?=[a-zA-Z]{0,37}[0-9])", _URL, 38, 38, _GITLEAKS),
    "JFrog": SecretKind("AKCp cmVmd", _ALNUM, 50, 16, "https://jfrog.com/help/r/jfrog-platform-administration-documentation/access-tokens"),
    "1Password": SecretKind("A3-(?=[A-Z0-9]{6}-)", "[0-9A-Z-]", 25, 8, "https://support.1password.com/secret-key/"),
    "1Password service account": SecretKind("ops_eyJ", _BASE64, 10, 3, "https://developer.1password.com/docs/service-accounts/"),
    "Adobe": SecretKind("p8e-", _URL, 32, 12, _GITLEAKS),
    "age": SecretKind("AGE-SECRET-KEY-1", _UPPER, 8, 2, "https://age-encryption.org/v1"),
    "Airtable": SecretKind(r"pat(?=[0-9A-Za-z]{14}\.)", r"[0-9A-Za-z.]", 40, 20, "https://airtable.com/developers/web/guides/personal-access-tokens"),
    "Authress": SecretKind(
        r"[a-z]{2,8}_[0-9A-Za-z]{5,30}\.[0-9A-Za-z]{4,6}\.acc[_-]", "[0-9A-Za-z+/_=.-]", 20, 4, _GITLEAKS
    ),
    "Beamer": SecretKind("b_(?=[a-z=_-]{0,43}[0-9])", "[0-9a-z=_-]", 44, 44, _GITLEAKS),
    "ClickHouse Cloud": SecretKind("4b1d", _ALNUM, 38, 14, "https://clickhouse.com/docs/cloud/manage/openapi"),
    "Cloudflare": SecretKind(r"v1\.0-", "[0-9a-f-]", 60, 12, "https://developers.cloudflare.com/fundamentals/api/get-started/ca-keys/"),
    "Defined Networking": SecretKind("dnkey-", "[0-9a-z=_-]", 40, 10, _GITLEAKS),
    "Discord": SecretKind(r"[MNO][0-9A-Za-z_-]{23,27}\.[0-9A-Za-z_-]{6}\.", _URL, 27, 4, "https://discord.com/developers/docs/reference#authentication"),
    "Duffel": SecretKind("duffel_(?:test|live)_", "[0-9A-Za-z_=-]", 20, 4, "https://duffel.com/docs/api/overview/test-your-integration"),
    "EasyPost": SecretKind("EZ[AT]K", _ALNUM, 40, 12, "https://docs.easypost.com/docs/authentication"),
    "Figma": SecretKind("figd_", _URL, 20, 4, "https://www.figma.com/developers/api#access-tokens"),
    "Flutterwave": SecretKind("FLW(?:SEC|PUB)K(?:_TEST)?-", "[0-9A-Za-z-]", 12, 6, "https://developer.flutterwave.com/docs/authentication"),
    "Frame.io": SecretKind("fio-u-", "[0-9A-Za-z_=-]", 20, 6, "https://developer.frame.io/docs/getting-started/authentication"),
    "Freemius": SecretKind(r"sk_(?=[!-~]{29})", r"[^\s\"'<>]", 29, 29, _GITLEAKS),
    "GoCardless": SecretKind("live_(?=[A-Za-z_-]{0,39}[0-9])", "[0-9A-Za-z_=-]", 40, 40, "https://developer.gocardless.com/api-reference/"),
    "Harness": SecretKind(r"[ps]at\.(?=[0-9A-Za-z_-]{22}\.)", "[0-9A-Za-z_.-]", 40, 24, "https://developer.harness.io/docs/platform/automation/api/add-and-manage-api-keys"),
    "Infracost": SecretKind("ico-", _ALNUM, 32, 12, "https://www.infracost.io/docs/"),
    "Intra 42": SecretKind("s-s4t2(?:ud|af)-", _HEX, 20, 4, _GITLEAKS),
    "Linear": SecretKind("lin_(?:api|oauth)_", _ALNUM, 10, 3, "https://linear.app/developers/graphql"),
    "Lob": SecretKind("live_(?:pub_)? test_(?:pub_)?", "[0-9a-f]", 31, 14, "https://docs.lob.com/#tag/Authentication"),
    "Mailchimp": SecretKind(
        "", "[0-9a-f]", 32, 99,
        "https://mailchimp.com/developer/marketing/guides/quick-start/", "-us[0-9]{1,2}",
    ),
    "Mapbox": SecretKind(r"[ps]k\.(?=eyJ|[0-9A-Za-z]{60}\.)", r"[0-9A-Za-z_.-]", 20, 6, "https://docs.mapbox.com/help/dive-deeper/access-tokens/"),
    "MaxMind": SecretKind("[0-9A-Za-z]{6}_", _ALNUM, 29, 99, "https://dev.maxmind.com/license-key/", "_mmk"),
    "Netlify": SecretKind("nfp_", _ALNUM, 20, 6, "https://docs.netlify.com/api/get-started/"),
    "New Relic": SecretKind("NR(?:AK|II|JS|RA|IQ)-", "[0-9A-Za-z-]", 16, 5, "https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/"),
    "Notion": SecretKind("ntn_ secret_(?=[A-Za-z]{0,42}[0-9])", _ALNUM, 40, 16, "https://developers.notion.com/reference/authentication"),
    "Octopus Deploy": SecretKind("API-", _UPPER, 25, 10, "https://octopus.com/docs/octopus-rest-api/how-to-create-an-api-key"),
    "OpenShift": SecretKind("sha256~", _URL, 40, 8, "https://docs.openshift.com/container-platform/latest/authentication/managing-oauth-access-tokens.html"),
    "Plaid": SecretKind("access-(?:sandbox|development|production)-", "[0-9a-f-]", 20, 5, "https://plaid.com/docs/api/tokens/"),
    "PlanetScale": SecretKind("pscale_(?:tkn|oauth|pw)_", _DOTTED, 10, 3, "https://planetscale.com/docs/concepts/service-tokens"),
    "Postman": SecretKind("PMAK-", "[0-9A-Za-z-]", 20, 4, "https://learning.postman.com/docs/developer/postman-api/authentication/"),
    "Prefect": SecretKind("pnu_ pnb_", _ALNUM, 30, 10, "https://docs.prefect.io/v3/manage/cloud/manage-users/api-keys"),
    "Pulumi": SecretKind("pul-", "[0-9a-f]", 40, 10, "https://www.pulumi.com/docs/pulumi-cloud/access-management/access-tokens/"),
    "ReadMe": SecretKind("rdme_", "[0-9a-z]", 40, 12, "https://docs.readme.com/main/reference/authentication"),
    "Scalingo": SecretKind("tk-us-", _URL, 40, 12, "https://developers.scalingo.com/index#authentication"),
    "Sentry": SecretKind("sntry[su]_", "[0-9A-Za-z+/=_]", 20, 4, "https://docs.sentry.io/api/auth/"),
    "SettleMint": SecretKind("sm_[aps]at_", _ALNUM, 16, 4, "https://console.settlemint.com/documentation/"),
    "Shippo": SecretKind("shippo_(?:live|test)_", _HEX, 10, 3, "https://docs.goshippo.com/docs/guides_general/authentication/"),
    "Sonar": SecretKind("sq[aup]_", _ALNUM, 30, 10, _SONAR),
    "Sourcegraph": SecretKind("sgp_", "[0-9A-Za-z_]", 30, 8, "https://sourcegraph.com/docs/cli/how-tos/creating_an_access_token"),
    "Supabase": SecretKind("sbp_ sb_secret_", _WORD, 20, 6, "https://supabase.com/docs/guides/api/api-keys"),
    "Tailscale": SecretKind("tskey-(?:auth|api|client|scim|webhook)-", "[0-9A-Za-z-]", 10, 3, "https://tailscale.com/kb/1277/key-prefixes"),
    "Telegram": SecretKind("[0-9]{5,16}:A(?=[0-9A-Za-z_-]{4})", _URL, 30, 8, "https://core.telegram.org/bots/api#authorizing-your-bot"),
    "Typeform": SecretKind("tfp_", _DOTTED, 30, 8, "https://www.typeform.com/developers/get-started/personal-access-token/"),
    "Slack webhook": SecretKind(r"hooks\.slack(?:-gov)?\.com/[a-z]{1,20}/", "[0-9A-Za-z/_-]", 1, 1, "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"),
    "Discord webhook": SecretKind(
        r"discord(?:app)?\.com/api/(?:v[0-9]{1,2}/)?webhooks/[0-9]{5,25}/", _URL, 1, 1,
        "https://discord.com/developers/docs/resources/webhook",
    ),
    "Teams webhook": SecretKind(r"webhook\.office\.com/webhookb2/", "[0-9A-Za-z@/-]", 8, 4, "https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook"),
    "Signed URL": SecretKind("X-(?:Amz|Goog)-Signature= sig=", "[0-9A-Za-z%+/=_-]", 16, 6, "https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html"),
}  # fmt: skip


# A letter can stand before where it ends an escape in JSON (\n) or in a link (%20).
_BEFORE = r"(?=[0-9A-Za-z_])(?:(?<![0-9A-Za-z])|(?<=\\[nrt])|(?<=%[0-9A-F]{2}))"


def _any(lengths: Iterable[int]) -> str:
    return "|".join(kind.pattern(length) for kind, length in zip(KINDS.values(), lengths, strict=True))


_ALL, _ALL_GROWING = _any(kind.length for kind in KINDS.values()), _any(kind.sure for kind in KINDS.values())
_WHOLE = re.compile(f"{_BEFORE}(?:{_ALL})")
_RIGHT_BEHIND = re.compile(_ALL)
_GROWING = re.compile(f"{_BEFORE}(?:{_ALL_GROWING})")
_BRANCHES = [
    (re.compile(prefix), re.compile(kind.more))
    for kind in KINDS.values()
    for prefix in kind.prefixes.split(" ")
]
# Shorter ones are found at the end of a text alone.
_RUN = re.compile(r"[0-9A-Za-z_.~+/=|:%@\\-]{12,}")
_MAX_GROWING = 200


def token_spans(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield where in a folded text secrets stand that their beginning gives away, and where that ends."""
    place = 0
    for run in _RUN.finditer(text):
        found = _WHOLE.search(text, max(place, run.start()), run.end())
        while found:
            start, place = _body(text, found)
            first = found.start()
            if not is_placeholder(text[start : min(place, start + _MAX_GROWING)]):
                yield first, start, place
            found = _RIGHT_BEHIND.match(text, place, run.end()) or _WHOLE.search(text, place, run.end())
    for found in _GROWING.finditer(text, max(place, len(text) - _MAX_GROWING)):
        if found.end() == len(text):
            yield found.start(), *_body(text, found)


def _body(text: str, found: re.Match[str]) -> tuple[int, int]:
    prefix, more = _BRANCHES[(found.lastindex or 1) - 1]
    begins, ends = prefix.match(text, found.start()), more.match(text, found.end())
    return begins.end() if begins else found.start(), ends.end() if ends else found.end()
