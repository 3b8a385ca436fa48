// Only what the sheet uses: AG Grid is taken module by module, which makes it less than half.
export {
  createGrid, ModuleRegistry, themeQuartz, InfiniteRowModelModule, ColumnApiModule, RowApiModule, RowSelectionModule,
  CellApiModule, RenderApiModule, EventApiModule, ScrollApiModule, LocaleModule,
} from "ag-grid-community";
