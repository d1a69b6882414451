CREATE TABLE message (
  id TEXT NOT NULL,
  change_id TEXT,
  subscription_id TEXT,
  body TEXT,
  channel TEXT NOT NULL,
  endpoint_key TEXT NOT NULL,
  group_key TEXT NOT NULL,
  state TEXT NOT NULL,
  due_at BIGINT NOT NULL,
  lease_until BIGINT,
  lease_token BIGINT DEFAULT '0' NOT NULL,
  attempts INTEGER DEFAULT '0' NOT NULL,
  created_at BIGINT NOT NULL,
  done_at BIGINT,
  detail TEXT,
  is_final SMALLINT DEFAULT '0' NOT NULL,
  CONSTRAINT pk_message PRIMARY KEY (id),
  CONSTRAINT uq_message_group_key UNIQUE (group_key)
);

CREATE INDEX ix_message_parked ON message (endpoint_key) WHERE state IN ('failed', 'suspended');

CREATE INDEX ix_message_leased ON message (lease_until) WHERE state = 'leased';

CREATE INDEX ix_message_waiting ON message (endpoint_key, due_at) WHERE state = 'due';

CREATE INDEX ix_message_done ON message (done_at) WHERE done_at IS NOT NULL;

CREATE TABLE attempt (
  message_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  started_at BIGINT NOT NULL,
  took_ms INTEGER NOT NULL,
  state TEXT NOT NULL,
  status INTEGER,
  detail TEXT NOT NULL,
  CONSTRAINT pk_attempt PRIMARY KEY (message_id, number)
)
 WITHOUT ROWID;

CREATE TABLE lane (
  "key" TEXT NOT NULL,
  channel TEXT NOT NULL,
  is_slow SMALLINT NOT NULL,
  in_flight INTEGER DEFAULT '0' NOT NULL,
  cap INTEGER NOT NULL,
  host_cap INTEGER DEFAULT '16' NOT NULL,
  next_due_at BIGINT,
  CONSTRAINT pk_lane PRIMARY KEY ("key")
);

CREATE INDEX ix_lane_ready ON lane (channel, is_slow, next_due_at) WHERE next_due_at IS NOT NULL;

CREATE TABLE listing (
  portal_id TEXT NOT NULL,
  url TEXT NOT NULL,
  baseline_at BIGINT,
  etag TEXT,
  last_modified TEXT,
  body_sha256 TEXT,
  reader_version TEXT,
  next_poll_at BIGINT NOT NULL,
  failures INTEGER DEFAULT '0' NOT NULL,
  failing_since BIGINT,
  last_polled_at BIGINT,
  last_ok_at BIGINT,
  last_new_at BIGINT,
  last_outcome TEXT,
  last_error TEXT,
  last_rows INTEGER,
  resume_url TEXT,
  lease_until BIGINT,
  told_at BIGINT,
  told_what TEXT,
  CONSTRAINT pk_listing PRIMARY KEY (portal_id, url)
);

CREATE INDEX ix_listing_due ON listing (next_poll_at);

CREATE TABLE poll (
  id TEXT NOT NULL,
  portal_id TEXT NOT NULL,
  listing_url TEXT NOT NULL,
  started_at BIGINT NOT NULL,
  took_ms INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  tallies TEXT NOT NULL,
  error TEXT,
  CONSTRAINT pk_poll PRIMARY KEY (id)
);

CREATE INDEX ix_poll_listing ON poll (portal_id, listing_url, started_at);

CREATE TABLE host (
  name TEXT NOT NULL,
  next_request_at BIGINT NOT NULL,
  robots_body TEXT,
  robots_fetched_at BIGINT,
  robots_error TEXT,
  CONSTRAINT pk_host PRIMARY KEY (name)
);

CREATE TABLE post (
  id TEXT NOT NULL,
  portal_id TEXT NOT NULL,
  portal_name TEXT NOT NULL,
  identity_key TEXT NOT NULL,
  url TEXT NOT NULL,
  title TEXT NOT NULL,
  revision INTEGER NOT NULL,
  facts TEXT NOT NULL,
  overruled_at BIGINT,
  published_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  first_seen_at BIGINT NOT NULL,
  withdrawn_at BIGINT,
  next_check_at BIGINT,
  missing_since BIGINT,
  article_at BIGINT,
  article_etag TEXT,
  article_last_modified TEXT,
  article_sha256 TEXT,
  article_version TEXT,
  CONSTRAINT pk_post PRIMARY KEY (id),
  CONSTRAINT uq_post_portal_id_identity_key UNIQUE (portal_id, identity_key)
);

CREATE INDEX ix_post_newest ON post (first_seen_at, published_at, id);

CREATE INDEX ix_post_portal_newest ON post (portal_id, first_seen_at, published_at, id);

CREATE INDEX ix_post_check ON post (next_check_at) WHERE next_check_at IS NOT NULL;

CREATE TABLE generation (
  name TEXT NOT NULL,
  n BIGINT NOT NULL,
  CONSTRAINT pk_generation PRIMARY KEY (name)
);

CREATE TABLE feed_state (
  path TEXT NOT NULL,
  tag TEXT NOT NULL,
  modified_at BIGINT NOT NULL,
  CONSTRAINT pk_feed_state PRIMARY KEY (path)
);

CREATE TABLE feed_problem (
  name TEXT NOT NULL,
  problem TEXT NOT NULL,
  since_at BIGINT NOT NULL,
  CONSTRAINT pk_feed_problem PRIMARY KEY (name)
);

CREATE TABLE unit (
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  place TEXT,
  contacts TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  removed_at BIGINT,
  CONSTRAINT pk_unit PRIMARY KEY (id),
  CONSTRAINT uq_unit_name UNIQUE (name)
);

CREATE TABLE filter (
  id TEXT NOT NULL,
  definition TEXT NOT NULL,
  created_at BIGINT DEFAULT '0' NOT NULL,
  CONSTRAINT pk_filter PRIMARY KEY (id)
);

CREATE TABLE meta (
  "key" TEXT NOT NULL,
  value TEXT NOT NULL,
  CONSTRAINT pk_meta PRIMARY KEY ("key")
);

CREATE TABLE archive (
  sha256 TEXT NOT NULL,
  media_type TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  text TEXT,
  is_scan SMALLINT DEFAULT '0' NOT NULL,
  archived_at BIGINT NOT NULL,
  CONSTRAINT pk_archive PRIMARY KEY (sha256)
);

CREATE TABLE archive_part (
  sha256 TEXT NOT NULL,
  number INTEGER NOT NULL,
  body BLOB NOT NULL,
  CONSTRAINT pk_archive_part PRIMARY KEY (sha256, number)
);

CREATE TABLE idempotency (
  caller TEXT NOT NULL,
  "key" TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  status SMALLINT NOT NULL,
  body BLOB NOT NULL,
  created_at BIGINT NOT NULL,
  CONSTRAINT pk_idempotency PRIMARY KEY (caller, "key")
);

CREATE INDEX ix_idempotency_created ON idempotency (created_at);

CREATE TABLE bounce (
  message_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  at BIGINT NOT NULL,
  detail TEXT NOT NULL,
  CONSTRAINT pk_bounce PRIMARY KEY (message_id, kind)
);

CREATE TABLE change (
  id TEXT NOT NULL,
  post_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  type TEXT NOT NULL,
  at BIGINT NOT NULL,
  payload TEXT NOT NULL,
  what TEXT NOT NULL,
  silenced TEXT,
  fanned_out_at BIGINT,
  fanout_after TEXT,
  round SMALLINT DEFAULT '0' NOT NULL,
  CONSTRAINT pk_change PRIMARY KEY (id),
  CONSTRAINT uq_change_post_id_revision_type_round UNIQUE (post_id, revision, type, round),
  CONSTRAINT fk_change_post_id FOREIGN KEY(post_id) REFERENCES post (id)
);

CREATE INDEX ix_change_fanout ON change (at) WHERE fanned_out_at IS NULL;

CREATE TABLE endpoint (
  "key" TEXT NOT NULL,
  host_key TEXT NOT NULL,
  lane_key TEXT NOT NULL,
  channel TEXT NOT NULL,
  in_flight INTEGER DEFAULT '0' NOT NULL,
  cap INTEGER NOT NULL,
  next_due_at BIGINT,
  not_before_at BIGINT,
  min_interval_s INTEGER,
  status TEXT DEFAULT 'ok' NOT NULL,
  last_ok_at BIGINT,
  failing_since BIGINT,
  failed_at BIGINT,
  failures INTEGER DEFAULT '0' NOT NULL,
  warned_at BIGINT,
  probe_at BIGINT,
  CONSTRAINT pk_endpoint PRIMARY KEY ("key"),
  CONSTRAINT fk_endpoint_lane_key FOREIGN KEY(lane_key) REFERENCES lane ("key")
);

CREATE INDEX ix_endpoint_probe ON endpoint (probe_at) WHERE probe_at IS NOT NULL;

CREATE INDEX ix_endpoint_ready ON endpoint (lane_key, next_due_at) WHERE next_due_at IS NOT NULL;

CREATE INDEX ix_endpoint_slow ON endpoint (lane_key) WHERE lane_key <> host_key;

CREATE TABLE receipt (
  post_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  unit_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  "by" TEXT NOT NULL,
  note TEXT NOT NULL,
  via TEXT NOT NULL,
  CONSTRAINT pk_receipt PRIMARY KEY (post_id, revision, unit_id),
  CONSTRAINT fk_receipt_post_id FOREIGN KEY(post_id) REFERENCES post (id),
  CONSTRAINT fk_receipt_unit_id FOREIGN KEY(unit_id) REFERENCES unit (id)
);

CREATE TABLE revision (
  post_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  seen_at BIGINT NOT NULL,
  title TEXT NOT NULL,
  html TEXT NOT NULL,
  text TEXT NOT NULL,
  attachments TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  what TEXT NOT NULL,
  CONSTRAINT pk_revision PRIMARY KEY (post_id, number),
  CONSTRAINT fk_revision_post_id FOREIGN KEY(post_id) REFERENCES post (id)
);

CREATE TABLE post_category (
  post_id TEXT NOT NULL,
  category TEXT NOT NULL,
  position SMALLINT NOT NULL,
  CONSTRAINT pk_post_category PRIMARY KEY (post_id, category),
  CONSTRAINT fk_post_category_post_id FOREIGN KEY(post_id) REFERENCES post (id)
);

CREATE INDEX ix_post_category_category ON post_category (category, post_id);

CREATE TABLE post_place (
  post_id TEXT NOT NULL,
  place_id TEXT NOT NULL,
  CONSTRAINT pk_post_place PRIMARY KEY (post_id, place_id),
  CONSTRAINT fk_post_place_post_id FOREIGN KEY(post_id) REFERENCES post (id)
);

CREATE INDEX ix_post_place_place ON post_place (place_id, post_id);

CREATE TABLE post_listing (
  post_id TEXT NOT NULL,
  listing_url TEXT NOT NULL,
  first_listed_at BIGINT NOT NULL,
  title TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_post_listing PRIMARY KEY (post_id, listing_url),
  CONSTRAINT fk_post_listing_post_id FOREIGN KEY(post_id) REFERENCES post (id)
);

CREATE INDEX ix_post_listing_listing ON post_listing (listing_url, post_id);

CREATE TABLE post_alias (
  portal_id TEXT NOT NULL,
  identity_key TEXT NOT NULL,
  post_id TEXT NOT NULL,
  CONSTRAINT pk_post_alias PRIMARY KEY (portal_id, identity_key),
  CONSTRAINT fk_post_alias_post_id FOREIGN KEY(post_id) REFERENCES post (id)
);

CREATE INDEX ix_post_alias_post ON post_alias (post_id);

CREATE TABLE subscription (
  id TEXT NOT NULL,
  channel TEXT NOT NULL,
  target TEXT NOT NULL,
  target_key TEXT NOT NULL,
  endpoint_key TEXT NOT NULL,
  filter_id TEXT NOT NULL,
  frequency TEXT NOT NULL,
  unit_id TEXT,
  name TEXT NOT NULL,
  language TEXT DEFAULT 'vi' NOT NULL,
  status TEXT NOT NULL,
  status_reason TEXT,
  status_at BIGINT NOT NULL,
  secret BLOB,
  old_secret BLOB,
  old_secret_until BIGINT,
  headers TEXT DEFAULT '{}' NOT NULL,
  created_at BIGINT NOT NULL,
  confirmed_at BIGINT,
  CONSTRAINT pk_subscription PRIMARY KEY (id),
  CONSTRAINT fk_subscription_filter_id FOREIGN KEY(filter_id) REFERENCES filter (id),
  CONSTRAINT fk_subscription_unit_id FOREIGN KEY(unit_id) REFERENCES unit (id)
);

CREATE INDEX ix_subscription_filter ON subscription (filter_id, id);

CREATE INDEX ix_subscription_target ON subscription (channel, target_key);

CREATE INDEX ix_subscription_walk ON subscription (channel, id);

CREATE INDEX ix_subscription_unit ON subscription (unit_id);

CREATE TABLE api_token (
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL,
  role TEXT NOT NULL,
  unit_id TEXT,
  created_at BIGINT NOT NULL,
  revoked_at BIGINT,
  CONSTRAINT pk_api_token PRIMARY KEY (id),
  CONSTRAINT uq_api_token_hash UNIQUE (hash),
  CONSTRAINT fk_api_token_unit_id FOREIGN KEY(unit_id) REFERENCES unit (id)
);

CREATE TABLE post_search (
  n INTEGER NOT NULL,
  post_id TEXT NOT NULL,
  words TEXT NOT NULL,
  CONSTRAINT pk_post_search PRIMARY KEY (n),
  CONSTRAINT uq_post_search_post_id UNIQUE (post_id),
  CONSTRAINT fk_post_search_post_id FOREIGN KEY(post_id) REFERENCES post (id)
);

CREATE VIRTUAL TABLE post_fts USING fts5(words, content='post_search', content_rowid='n', tokenize='ascii');

CREATE TRIGGER post_search_added AFTER INSERT ON post_search BEGIN
      INSERT INTO post_fts(rowid, words) VALUES (new.n, new.words); END;

CREATE TRIGGER post_search_removed AFTER DELETE ON post_search BEGIN
      INSERT INTO post_fts(post_fts, rowid, words) VALUES ('delete', old.n, old.words); END;

CREATE TRIGGER post_search_changed AFTER UPDATE ON post_search BEGIN
      INSERT INTO post_fts(post_fts, rowid, words) VALUES ('delete', old.n, old.words);
      INSERT INTO post_fts(rowid, words) VALUES (new.n, new.words); END;

CREATE TABLE attachment_watch (
  post_id TEXT NOT NULL,
  url TEXT NOT NULL,
  etag TEXT,
  last_modified TEXT,
  bytes INTEGER,
  sha256 TEXT,
  checked_at BIGINT NOT NULL,
  error TEXT,
  CONSTRAINT pk_attachment_watch PRIMARY KEY (post_id, url),
  CONSTRAINT fk_attachment_watch_post_id FOREIGN KEY(post_id) REFERENCES post (id)
);

CREATE TABLE change_match (
  change_id TEXT NOT NULL,
  filter_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  is_silent SMALLINT DEFAULT '0' NOT NULL,
  CONSTRAINT pk_change_match PRIMARY KEY (change_id, filter_id),
  CONSTRAINT fk_change_match_change_id FOREIGN KEY(change_id) REFERENCES change (id),
  CONSTRAINT fk_change_match_filter_id FOREIGN KEY(filter_id) REFERENCES filter (id)
);

CREATE TABLE delivery (
  id TEXT NOT NULL,
  change_id TEXT NOT NULL,
  subscription_id TEXT NOT NULL,
  message_id TEXT,
  state TEXT NOT NULL,
  reason TEXT,
  created_at BIGINT NOT NULL,
  done_at BIGINT,
  CONSTRAINT pk_delivery PRIMARY KEY (id),
  CONSTRAINT uq_delivery_change_id_subscription_id UNIQUE (change_id, subscription_id),
  CONSTRAINT fk_delivery_change_id FOREIGN KEY(change_id) REFERENCES change (id),
  CONSTRAINT fk_delivery_subscription_id FOREIGN KEY(subscription_id) REFERENCES subscription (id)
);

CREATE INDEX ix_delivery_subscription ON delivery (subscription_id, created_at);

CREATE INDEX ix_delivery_message ON delivery (message_id);

CREATE TABLE owed (
  post_id TEXT NOT NULL,
  subscription_id TEXT NOT NULL,
  CONSTRAINT pk_owed PRIMARY KEY (post_id, subscription_id),
  CONSTRAINT fk_owed_post_id FOREIGN KEY(post_id) REFERENCES post (id),
  CONSTRAINT fk_owed_subscription_id FOREIGN KEY(subscription_id) REFERENCES subscription (id)
)
 WITHOUT ROWID;
