/**
 * PostgreSQL's own functions that write no table, by the names they have in `pg_catalog`: an allow-list. Not on it is
 * whatever runs SQL given as text (`query_to_xml`, `dblink_exec`), and every function of a user's or of an extension.
 * Their result may change from call to call: that is no matter for what a statement writes.
 */
const NAMES = `
  count sum avg min max stddev stddev_pop stddev_samp variance var_pop var_samp corr covar_pop covar_samp regr_slope
  bool_and bool_or every bit_and bit_or string_agg array_agg json_agg jsonb_agg json_object_agg jsonb_object_agg
  percentile_cont percentile_disc mode any_value
  row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
  abs ceil ceiling floor round trunc mod div power pow sqrt cbrt exp ln log log10 sign pi degrees radians sin cos tan asin
  acos atan atan2 gcd lcm factorial width_bucket random setseed random_normal scale min_scale trim_scale
  lower upper initcap length char_length character_length octet_length bit_length btrim ltrim rtrim lpad rpad left right
  reverse repeat substring substr overlay replace translate concat concat_ws position strpos split_part starts_with
  ascii chr format quote_ident quote_literal quote_nullable to_hex normalize string_to_array string_to_table
  regexp_replace regexp_match regexp_matches regexp_split_to_array regexp_split_to_table regexp_count regexp_instr
  regexp_like regexp_substr like_escape similar_escape similar_to_escape
  md5 sha224 sha256 sha384 sha512 encode decode convert_from convert_to get_byte set_byte get_bit set_bit crc32
  now transaction_timestamp statement_timestamp clock_timestamp timeofday age extract date_part date_trunc date_bin
  isfinite justify_days justify_hours justify_interval make_date make_time make_timestamp make_timestamptz make_interval
  to_char to_date to_number to_timestamp timezone overlaps
  to_json to_jsonb row_to_json array_to_json json_build_array json_build_object jsonb_build_array jsonb_build_object
  json_object jsonb_object json_array_length jsonb_array_length json_typeof jsonb_typeof json_each jsonb_each
  json_each_text jsonb_each_text json_array_elements jsonb_array_elements json_array_elements_text
  jsonb_array_elements_text json_object_keys jsonb_object_keys json_extract_path jsonb_extract_path
  json_extract_path_text jsonb_extract_path_text json_populate_record jsonb_populate_record json_populate_recordset
  jsonb_populate_recordset json_to_record jsonb_to_record json_to_recordset jsonb_to_recordset json_strip_nulls
  jsonb_strip_nulls jsonb_set jsonb_set_lax jsonb_insert jsonb_pretty jsonb_path_exists jsonb_path_match
  jsonb_path_query jsonb_path_query_array jsonb_path_query_first
  array_append array_prepend array_cat array_remove array_replace array_position array_positions array_length
  array_ndims array_dims array_lower array_upper array_fill array_to_string cardinality trim_array unnest
  generate_series generate_subscripts
  lower_inc upper_inc lower_inf upper_inf isempty range_merge int4range int8range numrange daterange tsrange tstzrange
  to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery setweight strip ts_rank ts_rank_cd
  gen_random_uuid uuidv4 uuidv7 nextval currval lastval setval
  num_nulls num_nonnulls pg_typeof coalesce nullif greatest least row merge_action
  current_setting set_config current_database current_schema version txid_current pg_current_xact_id pg_backend_pid
  pg_sleep pg_notify pg_get_serial_sequence
  pg_advisory_lock pg_advisory_xact_lock pg_try_advisory_lock pg_try_advisory_xact_lock pg_advisory_unlock
`
const HARMLESS: ReadonlySet<string> = new Set(NAMES.trim().split(/\s+/))

/** True for a function of PostgreSQL's that is known to write no table. `name` as the server folds it. */
export function isHarmless(name: string): boolean {
  return HARMLESS.has(name)
}

/** All of them, for whoever checks the list against a server. */
export const harmless: readonly string[] = [...HARMLESS]
