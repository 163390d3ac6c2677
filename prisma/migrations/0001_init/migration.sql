-- CreateEnum
CREATE TYPE "order_status" AS ENUM ('open', 'paid', 'sent');

-- CreateEnum
CREATE TYPE "user_role" AS ENUM ('administrator', 'member', 'GUEST');

-- CreateEnum
CREATE TYPE "Color" AS ENUM ('#f00', '#0f0', 'BLUE');

-- CreateTable
CREATE TABLE "strike_report" (
    "id" INTEGER NOT NULL,
    "date" DATE NOT NULL,
    "cost_repair" DECIMAL(14,2) NOT NULL,
    "cost_other" DECIMAL(14,2) NOT NULL,
    "cost_total" DECIMAL(14,2) NOT NULL,
    "speed_knots" INTEGER,
    "airport_id" INTEGER NOT NULL,
    "aircraft_id" INTEGER NOT NULL,
    "operator_id" INTEGER NOT NULL,
    "damage_id" INTEGER NOT NULL,
    "phase_id" INTEGER NOT NULL,
    "species_id" INTEGER NOT NULL,
    "size_id" INTEGER NOT NULL,
    "time_of_day_id" INTEGER NOT NULL,

    CONSTRAINT "strike_report_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "strike_state" (
    "id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "strike_state_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "strike_airport" (
    "id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "state_id" INTEGER NOT NULL,

    CONSTRAINT "strike_airport_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "strike_aircraft" (
    "id" INTEGER NOT NULL,
    "make_model" TEXT NOT NULL,

    CONSTRAINT "strike_aircraft_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "strike_operator" (
    "id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "strike_operator_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "strike_damage" (
    "id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "strike_damage_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "strike_phase" (
    "id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "strike_phase_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "strike_species" (
    "id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "strike_species_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "strike_size" (
    "id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "strike_size_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "strike_time_of_day" (
    "id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "strike_time_of_day_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "inventory_stock" (
    "id" SERIAL NOT NULL,
    "sku" VARCHAR(40) NOT NULL,
    "warehouse" TEXT NOT NULL,
    "quantity" INTEGER NOT NULL DEFAULT 0,
    "version" INTEGER NOT NULL DEFAULT 0,
    "updated_at" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "inventory_stock_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "inventory_order" (
    "id" SERIAL NOT NULL,
    "customer" TEXT NOT NULL,
    "status" "order_status" NOT NULL DEFAULT 'open',
    "placed_at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "inventory_order_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "inventory_order_line" (
    "id" SERIAL NOT NULL,
    "order_id" INTEGER NOT NULL,
    "sku" VARCHAR(40) NOT NULL,
    "quantity" INTEGER NOT NULL,
    "price" DECIMAL(10,2) NOT NULL,

    CONSTRAINT "inventory_order_line_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "league_player" (
    "id" SERIAL NOT NULL,
    "handle" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "best" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "league_player_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "league_score_archive" (
    "id" BIGSERIAL NOT NULL,
    "player_id" INTEGER NOT NULL,
    "points" INTEGER NOT NULL,
    "played_at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "league_score_archive_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "app_user" (
    "id" SERIAL NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT,
    "role" "user_role" NOT NULL DEFAULT 'member',
    "avatar" BYTEA,
    "preferences" JSONB,
    "created_at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "app_user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "app_profile" (
    "id" SERIAL NOT NULL,
    "bio" TEXT NOT NULL,
    "user_id" INTEGER NOT NULL,

    CONSTRAINT "app_profile_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "blog_posts" (
    "id" SERIAL NOT NULL,
    "title" TEXT NOT NULL,
    "body" TEXT NOT NULL DEFAULT '',
    "published" BOOLEAN NOT NULL DEFAULT false,
    "views" INTEGER NOT NULL DEFAULT 0,
    "author_id" INTEGER NOT NULL,
    "editor_id" INTEGER,
    "category_id" INTEGER,

    CONSTRAINT "blog_posts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "blog_comments" (
    "id" SERIAL NOT NULL,
    "text" TEXT NOT NULL,
    "post_id" INTEGER NOT NULL,
    "author_id" INTEGER,

    CONSTRAINT "blog_comments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "blog_tags" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "blog_tags_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "blog_categories" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "parent_id" INTEGER,

    CONSTRAINT "blog_categories_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "app_group" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "app_group_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "app_membership" (
    "user_id" INTEGER NOT NULL,
    "group_id" INTEGER NOT NULL,
    "level" INTEGER NOT NULL DEFAULT 0,
    "joined_at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "app_membership_pkey" PRIMARY KEY ("user_id","group_id")
);

-- CreateTable
CREATE TABLE "app_badge" (
    "id" SERIAL NOT NULL,
    "label" TEXT NOT NULL,
    "user_id" INTEGER,
    "group_id" INTEGER,

    CONSTRAINT "app_badge_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "app_ticket" (
    "id" SERIAL NOT NULL,
    "title" TEXT NOT NULL,
    "assignee_id" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "app_ticket_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Everything" (
    "id" SERIAL NOT NULL,
    "int" INTEGER NOT NULL DEFAULT 0,
    "big" BIGINT NOT NULL DEFAULT 0,
    "float" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "decimal" DECIMAL(65,30) NOT NULL DEFAULT 0,
    "text" TEXT NOT NULL DEFAULT '',
    "varchar" VARCHAR(20),
    "char" CHAR(8),
    "bool" BOOLEAN NOT NULL DEFAULT false,
    "moment" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "zoned" TIMESTAMPTZ(6),
    "day" DATE,
    "time" TIME(3),
    "json" JSONB NOT NULL DEFAULT '{}',
    "maybe_json" JSONB,
    "bytes" BYTEA,
    "uuid" UUID,
    "small" SMALLINT,
    "color" "Color" NOT NULL DEFAULT '#f00',
    "ints" INTEGER[],
    "bigs" BIGINT[],
    "floats" DOUBLE PRECISION[],
    "decimals" DECIMAL(65,30)[],
    "texts" TEXT[],
    "bools" BOOLEAN[],
    "moments" TIMESTAMP(3)[],
    "jsons" JSONB[],
    "blobs" BYTEA[],
    "uuids" UUID[],
    "colors" "Color"[],

    CONSTRAINT "Everything_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ledger_entry" (
    "id" BIGSERIAL NOT NULL,
    "amount" DECIMAL(20,4) NOT NULL,
    "memo" TEXT,
    "code" DECIMAL(10,2) NOT NULL,

    CONSTRAINT "ledger_entry_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "document_store" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "slug" CHAR(12) NOT NULL,
    "content" JSONB NOT NULL,

    CONSTRAINT "document_store_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Seat" (
    "id" SERIAL NOT NULL,
    "venue" TEXT NOT NULL,
    "row" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "holder" TEXT,

    CONSTRAINT "Seat_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "LegacyItems" (
    "ItemNo" INTEGER NOT NULL,
    "GroupCode" TEXT NOT NULL,
    "Label Text" TEXT NOT NULL,
    "PartOfNo" INTEGER,

    CONSTRAINT "LegacyItems_pkey" PRIMARY KEY ("ItemNo")
);

-- CreateTable
CREATE TABLE "app_setting" (
    "id" TEXT NOT NULL,
    "value" TEXT NOT NULL,

    CONSTRAINT "app_setting_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "_Follow" (
    "A" INTEGER NOT NULL,
    "B" INTEGER NOT NULL,

    CONSTRAINT "_Follow_AB_pkey" PRIMARY KEY ("A","B")
);

-- CreateTable
CREATE TABLE "_PostToTag" (
    "A" INTEGER NOT NULL,
    "B" INTEGER NOT NULL,

    CONSTRAINT "_PostToTag_AB_pkey" PRIMARY KEY ("A","B")
);

-- CreateIndex
CREATE INDEX "strike_report_airport_id_idx" ON "strike_report"("airport_id");

-- CreateIndex
CREATE INDEX "strike_report_aircraft_id_idx" ON "strike_report"("aircraft_id");

-- CreateIndex
CREATE INDEX "strike_report_operator_id_idx" ON "strike_report"("operator_id");

-- CreateIndex
CREATE INDEX "strike_report_species_id_idx" ON "strike_report"("species_id");

-- CreateIndex
CREATE UNIQUE INDEX "strike_state_name_key" ON "strike_state"("name");

-- CreateIndex
CREATE UNIQUE INDEX "strike_airport_name_state_id_key" ON "strike_airport"("name", "state_id");

-- CreateIndex
CREATE UNIQUE INDEX "strike_aircraft_make_model_key" ON "strike_aircraft"("make_model");

-- CreateIndex
CREATE UNIQUE INDEX "strike_operator_name_key" ON "strike_operator"("name");

-- CreateIndex
CREATE UNIQUE INDEX "strike_damage_name_key" ON "strike_damage"("name");

-- CreateIndex
CREATE UNIQUE INDEX "strike_phase_name_key" ON "strike_phase"("name");

-- CreateIndex
CREATE UNIQUE INDEX "strike_species_name_key" ON "strike_species"("name");

-- CreateIndex
CREATE UNIQUE INDEX "strike_size_name_key" ON "strike_size"("name");

-- CreateIndex
CREATE UNIQUE INDEX "strike_time_of_day_name_key" ON "strike_time_of_day"("name");

-- CreateIndex
CREATE UNIQUE INDEX "inventory_stock_sku_key" ON "inventory_stock"("sku");

-- CreateIndex
CREATE INDEX "inventory_stock_warehouse_idx" ON "inventory_stock"("warehouse");

-- CreateIndex
CREATE UNIQUE INDEX "inventory_order_line_order_id_sku_key" ON "inventory_order_line"("order_id", "sku");

-- CreateIndex
CREATE UNIQUE INDEX "league_player_handle_key" ON "league_player"("handle");

-- CreateIndex
CREATE INDEX "league_player_best_idx" ON "league_player"("best");

-- CreateIndex
CREATE INDEX "league_score_archive_player_id_points_idx" ON "league_score_archive"("player_id", "points");

-- CreateIndex
CREATE UNIQUE INDEX "app_user_email_key" ON "app_user"("email");

-- CreateIndex
CREATE UNIQUE INDEX "app_profile_user_id_key" ON "app_profile"("user_id");

-- CreateIndex
CREATE INDEX "blog_posts_author_id_idx" ON "blog_posts"("author_id");

-- CreateIndex
CREATE UNIQUE INDEX "blog_tags_name_key" ON "blog_tags"("name");

-- CreateIndex
CREATE UNIQUE INDEX "Everything_small_key" ON "Everything"("small");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_entry_code_key" ON "ledger_entry"("code");

-- CreateIndex
CREATE UNIQUE INDEX "document_store_slug_key" ON "document_store"("slug");

-- CreateIndex
CREATE UNIQUE INDEX "Seat_venue_row_number_key" ON "Seat"("venue", "row", "number");

-- CreateIndex
CREATE UNIQUE INDEX "Seat_venue_holder_key" ON "Seat"("venue", "holder");

-- CreateIndex
CREATE UNIQUE INDEX "LegacyItems_Label Text_key" ON "LegacyItems"("Label Text");

-- CreateIndex
CREATE INDEX "_Follow_B_index" ON "_Follow"("B");

-- CreateIndex
CREATE INDEX "_PostToTag_B_index" ON "_PostToTag"("B");

-- AddForeignKey
ALTER TABLE "strike_report" ADD CONSTRAINT "strike_report_airport_id_fkey" FOREIGN KEY ("airport_id") REFERENCES "strike_airport"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "strike_report" ADD CONSTRAINT "strike_report_aircraft_id_fkey" FOREIGN KEY ("aircraft_id") REFERENCES "strike_aircraft"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "strike_report" ADD CONSTRAINT "strike_report_operator_id_fkey" FOREIGN KEY ("operator_id") REFERENCES "strike_operator"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "strike_report" ADD CONSTRAINT "strike_report_damage_id_fkey" FOREIGN KEY ("damage_id") REFERENCES "strike_damage"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "strike_report" ADD CONSTRAINT "strike_report_phase_id_fkey" FOREIGN KEY ("phase_id") REFERENCES "strike_phase"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "strike_report" ADD CONSTRAINT "strike_report_species_id_fkey" FOREIGN KEY ("species_id") REFERENCES "strike_species"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "strike_report" ADD CONSTRAINT "strike_report_size_id_fkey" FOREIGN KEY ("size_id") REFERENCES "strike_size"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "strike_report" ADD CONSTRAINT "strike_report_time_of_day_id_fkey" FOREIGN KEY ("time_of_day_id") REFERENCES "strike_time_of_day"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "strike_airport" ADD CONSTRAINT "strike_airport_state_id_fkey" FOREIGN KEY ("state_id") REFERENCES "strike_state"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "inventory_order_line" ADD CONSTRAINT "inventory_order_line_order_id_fkey" FOREIGN KEY ("order_id") REFERENCES "inventory_order"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "inventory_order_line" ADD CONSTRAINT "inventory_order_line_sku_fkey" FOREIGN KEY ("sku") REFERENCES "inventory_stock"("sku") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "league_score_archive" ADD CONSTRAINT "league_score_archive_player_id_fkey" FOREIGN KEY ("player_id") REFERENCES "league_player"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "app_profile" ADD CONSTRAINT "app_profile_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "app_user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "blog_posts" ADD CONSTRAINT "blog_posts_author_id_fkey" FOREIGN KEY ("author_id") REFERENCES "app_user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "blog_posts" ADD CONSTRAINT "blog_posts_editor_id_fkey" FOREIGN KEY ("editor_id") REFERENCES "app_user"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "blog_posts" ADD CONSTRAINT "blog_posts_category_id_fkey" FOREIGN KEY ("category_id") REFERENCES "blog_categories"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "blog_comments" ADD CONSTRAINT "blog_comments_post_id_fkey" FOREIGN KEY ("post_id") REFERENCES "blog_posts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "blog_comments" ADD CONSTRAINT "blog_comments_author_id_fkey" FOREIGN KEY ("author_id") REFERENCES "app_user"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "blog_categories" ADD CONSTRAINT "blog_categories_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "blog_categories"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "app_membership" ADD CONSTRAINT "app_membership_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "app_user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "app_membership" ADD CONSTRAINT "app_membership_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "app_group"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "app_badge" ADD CONSTRAINT "app_badge_user_id_group_id_fkey" FOREIGN KEY ("user_id", "group_id") REFERENCES "app_membership"("user_id", "group_id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "app_ticket" ADD CONSTRAINT "app_ticket_assignee_id_fkey" FOREIGN KEY ("assignee_id") REFERENCES "app_user"("id") ON DELETE SET DEFAULT ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "LegacyItems" ADD CONSTRAINT "LegacyItems_PartOfNo_fkey" FOREIGN KEY ("PartOfNo") REFERENCES "LegacyItems"("ItemNo") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "_Follow" ADD CONSTRAINT "_Follow_A_fkey" FOREIGN KEY ("A") REFERENCES "app_user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "_Follow" ADD CONSTRAINT "_Follow_B_fkey" FOREIGN KEY ("B") REFERENCES "app_user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "_PostToTag" ADD CONSTRAINT "_PostToTag_A_fkey" FOREIGN KEY ("A") REFERENCES "blog_posts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "_PostToTag" ADD CONSTRAINT "_PostToTag_B_fkey" FOREIGN KEY ("B") REFERENCES "blog_tags"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- CreateView
CREATE VIEW "blog_author_stats" AS
SELECT "author_id", count(*)::int AS "posts", coalesce(sum("views"), 0)::bigint AS "views"
FROM "blog_posts"
GROUP BY "author_id";
