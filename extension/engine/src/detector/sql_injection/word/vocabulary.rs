//! The words of five dialects by the roles they can play, as data.
//! It never says which role a word plays in a query.
use super::{Roles, both};

/// The words by role; a word may stand in several groups.
pub(super) const VOCABULARY: &[(u64, &str)] = &[
    (Roles::CONNECTIVE.0, "and or xor"),
    (
        Roles::COMPARE.0,
        "like rlike regexp glob ilike similar sounds match",
    ),
    (Roles::COMPARE.0, "contains overlaps startswith regexp_like"),
    (Roles::IN.0, "in is"),
    (Roles::BETWEEN.0, "between"),
    (Roles::NOT.0, "not"),
    (
        Roles::UNARY.0,
        "binary all any some exists distinct interval prior",
    ),
    (Roles::UNARY.0, "top symmetric to variadic"),
    (Roles::ARITHMETIC.0, "div mod collate escape uescape using"),
    (Roles::CONSTANT.0, "null true false unknown"),
    (
        both(Roles::CONSTANT, Roles::CALL),
        "current_user session_user system_user user current_date localtime \
         current_timestamp current_database current_schema sysdate rownum",
    ),
    (both(Roles::SELECT, Roles::VERB), "select"),
    (Roles::SET_OPERATION.0, "union except intersect minus"),
    (
        Roles::QUANTIFIER.0,
        "all distinct distinctrow unique sql_no_cache",
    ),
    (Roles::CASE.0, "case"),
    (Roles::WHEN.0, "when then else"),
    (Roles::END.0, "end"),
    (Roles::FROM.0, "from"),
    (Roles::WHERE.0, "where having"),
    (
        Roles::CLAUSE.0,
        "by on limit offset procedure join left right inner outer cross natural full \
         for window fetch returning with into set values separator qualify \
         straight_join partition over lock option start connect rows only nulls first \
         last next",
    ),
    (Roles::ORDER.0, "order group"),
    (Roles::DIRECTION.0, "asc desc"),
    (Roles::INTO.0, "into"),
    (Roles::FILE.0, "outfile dumpfile"),
    (Roles::AS.0, "as"),
    (Roles::MODE.0, "boolean mode language expansion query"),
    (Roles::ROWS.0, "values table"),
    (both(Roles::WAIT, Roles::VERB), "waitfor"),
    (
        Roles::VERB.0,
        "insert update delete drop create alter truncate exec execute declare set \
         call begin commit rollback shutdown grant revoke merge replace rename load \
         handler prepare do vacuum attach pragma copy use show desc describe explain \
         backup restore kill reconfigure dbcc print if with while lock analyze values \
         table raiserror bulk deny detach reindex",
    ),
    (
        Roles::OBJECT.0,
        "table database view index user function procedure schema trigger login role \
         column tablespace sequence server extension temporary temp unique \
         materialized aggregate language alias event proc type assembly package \
         synonym virtual system session constraint domain directory java or global",
    ),
    (
        Roles::EFFECT.0,
        "sleep pg_sleep pg_sleep_for pg_sleep_until benchmark receive_message \
         extractvalue updatexml load_file load_extension randomblob zeroblob \
         regexp_substring crypt_key gtid_subset gtid_subtract xmltype \
         get_host_address get_host_name sys_eval sys_exec lo_import lo_export \
         pg_read_file pg_ls_dir pg_read_binary_file query_to_xml database_to_xml \
         dblink dblink_connect openrowset opendatasource openquery xp_cmdshell \
         xp_dirtree xp_fileexist xp_regread xp_regwrite xp_subdirs xp_availablemedia \
         xp_enumdsn xp_loginconfig xp_makecab xp_ntsec_enumdomains \
         xp_terminate_process xp_sprintf sp_oacreate sp_oamethod sp_configure \
         sp_addextendedproc sp_makewebtask sp_password sp_execute_external_script \
         sqlid_to_sqlhash drithsx httpuritype writefile readfile fts3_tokenizer \
         name_const getmappingxpath fn_trace_gettable fn_xe_file_target_read_file \
         fn_get_audit_file st_latfromgeohash geometrycollection multipoint \
         multipolygon multilinestring linestring polygon json_keys uuid_to_bin \
         pg_file_write get_lock release_lock master_pos_wait dbms_pipe dbms_lock \
         user_lock utl_inaddr utl_http utl_file utl_smtp dbms_ldap dbms_xmlgen \
         dbms_utility dbms_scheduler dbms_xslprocessor dbms_java ctxsys \
         dbms_export_extension dbms_session analyse sqlite_compileoption_get",
    ),
    (
        Roles::CALL.0,
        "substr substring mid ascii ord char chr nchar concat concat_ws group_concat \
         string_agg listagg wm_concat array_agg length len char_length octet_length \
         bit_length datalength version database schema count cast convert try_convert \
         if iif ifnull isnull nullif coalesce nvl nvl2 decode elt make_set row field \
         md5 sha sha1 sha2 hex unhex hextoraw rawtohex lower upper ucase lcase left \
         right repeat replicate floor rand random round sum min max avg abs exp pow \
         power now getdate db_name suser_name suser_sname user_name host_name \
         object_id object_name col_name bin oct conv sqlite_version unicode instr \
         locate position charindex patindex quote replace reverse printf glob \
         json_extract json_array json_object json_valid json_length json_type \
         json_contains json_depth to_char to_number to_date trim ltrim rtrim lpad \
         rpad insert space strcmp find_in_set format typeof last_insert_id \
         connection_id found_rows row_count is_srvrolemember has_dbaccess \
         serverproperty sys_context userenv quotename stuff like hash digest encode \
         crypt pg_user current_setting quote_ident quote_literal translate initcap \
         greatest least sign sqrt cos sin pi log ln mod bitand aes_encrypt \
         aes_decrypt des_encrypt compress uncompress inet_aton soundex difference \
         total_changes changes likelihood unlikely bin_to_uuid from_base64 to_base64 \
         array_to_string exists values xmlelement xmlagg rank row_number dense_rank \
         json_unquote json_search json_table json_value \
         json_query generate_series weight_string st_x point interval \
         any_value std stddev variance bit_or bit_and date year sysdate chartorowid \
         rowtocol generate_subscripts unnest",
    ),
    (Roles::SPELLS.0, "char chr nchar"),
    (
        Roles::SYSTEM.0,
        "information_schema pg_catalog pg_shadow pg_database pg_tables pg_user \
         pg_class pg_attribute sqlite_master sqlite_schema sqlite_temp_master \
         sysobjects syscolumns sysusers sysdatabases sysprocesses syslogins \
         sysxlogins sysibm sysibmadm syscat all_users all_tables user_tables \
         all_tab_columns user_tab_columns dba_users dba_tables dual mysql \
         performance_schema master msdb tempdb dbo public msysobjects msysaccessobjects rdb sys \
         v$version v$instance v$database domain systables sysmaster user_catalog \
         all_objects user_objects global_name innodb_table_stats",
    ),
];
